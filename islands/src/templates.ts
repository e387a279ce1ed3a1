/*
 * A new plan's form offers the templates that fit the subject and the stage that are chosen. Without this script all of
 * them stand in the list, each with its subject and stage.
 */

/** Makes a form's list of templates follow its subject and stage. */
export function templates(root: ParentNode): void {
  const list = root.querySelector<HTMLSelectElement>("select[name=template]"), form = list?.form;
  const subject = form?.querySelector<HTMLSelectElement>("select[name=subject]"), stage = form?.querySelector<HTMLSelectElement>("select[name=stage]");
  if (!list || !form || !subject || !stage || list.dataset["fits"] !== undefined) return;
  list.dataset["fits"] = "";
  const words = (of: HTMLSelectElement): string[] => Array.from(of.options, (o) => o.text).filter(Boolean);
  const fit = (): void => {
    const chosen = [subject, stage].map((of) => of.selectedOptions[0]?.text ?? "");
    for (const option of Array.from(list.options).slice(1)) {
      // After the title stand the subject and, where it is for one, the stage.
      const said = option.text.split(" · ").slice(1);
      const fits = [subject, stage].every((of, i) => chosen[i] === "" || said.includes(chosen[i] ?? "") || !words(of).some((w) => said.includes(w)));
      // Safari shows what is hidden in a list, and lets nobody choose what is disabled.
      option.hidden = option.disabled = !fits && !option.selected;
    }
  };
  for (const of of [subject, stage]) of.addEventListener("change", fit);
  fit();
}
