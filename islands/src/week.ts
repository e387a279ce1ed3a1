/*
 * In the week of a timetable the arrow keys go from cell to cell; Enter opens one, as any link. After a cell was saved the next
 * one's form has the focus by itself (`autofocus`).
 */

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The place of a cell: its column and its row, from 1. */
const place = (cell: HTMLElement): readonly [number, number] => [Number(cell.dataset["column"]), Number(cell.dataset["row"])];

/** Lets the arrow keys walk every week in a part of the page. */
export function weeks(root: ParentNode): void {
  for (const week of Array.from(root.querySelectorAll<HTMLElement>("[data-week]:not([data-walks])"))) {
    week.dataset["walks"] = "yes";
    week.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      const from = (event.target as HTMLElement).closest<HTMLElement>("[data-column]");
      if (!step || !from || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const [column, row] = place(from);
      // The nearest cell that way: a cell that holds nothing to press is passed over.
      const ahead = Array.from(week.querySelectorAll<HTMLElement>("[data-column]"))
        .map((cell) => ({ cell, at: place(cell) }))
        .filter(({ at }) => (step[0] === 0 ? at[0] === column && (at[1] - row) * step[1] > 0 : at[1] === row && (at[0] - column) * step[0] > 0))
        .sort((a, b) => Math.abs(a.at[0] - column) + Math.abs(a.at[1] - row) - Math.abs(b.at[0] - column) - Math.abs(b.at[1] - row));
      if (!ahead[0]) return;
      event.preventDefault();
      ahead[0].cell.focus();
    });
  }
}
