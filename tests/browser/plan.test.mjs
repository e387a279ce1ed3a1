// A plan is reviewed, shared and taken over with its authors named; an earlier text comes back.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, hub, look, press, reader, saved, school, start, text, until, write } from "./stage.mjs";

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

test("a plan is reviewed, shared, taken over with its authors named, and an earlier text comes back", { timeout: 240_000 }, async () => {
  const problems = [];
  const local = await (await reader(stage.browser, "zh")).newPage();
  await be(local, school(1), "local", "/plans/new");
  await local.fill("#c-title", "分数的意义");
  await local.selectOption("#c-subject", "mathematics");
  await local.selectOption("#c-type", "new_matter");
  await press(local, "main button.primary");
  await local.waitForSelector("[data-plan][data-ready]");
  const path = new URL(local.url()).pathname;
  const author = (await local.locator(".account summary").textContent()).trim();
  await write(local, "教学目标", "理解几分之一。");
  await saved(local);

  // What is marked stands in the comment's form; the comment is not taken, because of something.
  await local.locator(".ProseMirror p", { hasText: "理解几分之一" }).click({ clickCount: 3 });
  await local.locator("[data-comment] > summary").click();
  await until(async () => (await local.inputValue("#c-quote")) === "理解几分之一。", "the words in the form");
  await local.fill("#c-said", "先用苹果引入,再画图。");
  await press(local, "[data-comment] button.primary");
  await local.goto(school(1) + path);
  assert.match(await local.locator(".plan-comments").innerText(), new RegExp(author));
  await press(local, ".plan-comments a[href$='/move/leave']");
  await local.fill("#c-_why, [name=_why]", "学生已经会了");
  await press(local, "main button.primary");
  await local.goto(school(1) + path);
  assert.match(await local.locator(".plan-comments").innerText(), /学生已经会了/);
  problems.push(...await look(local, "zh-plan-reviewed"));

  // Reviewed and shared, it is there for a teacher at the hub, who makes a version of their own.
  for (const move of ["ask_review", "end_review", "share"]) {
    await press(local, `main a[href$="/move/${move}"]`);
    await press(local, "main button.primary");
  }
  const posted = await (await reader(stage.browser, "en")).newPage();
  await be(posted, hub, "posted");
  await until(async () => (await posted.goto(hub + path)).status() === 200, "the shared plan at the hub");
  assert.equal(await posted.locator("[data-plan]").count(), 0, "who only reads has no editor");
  assert.match(await posted.locator(".plan-doc").innerText(), /理解几分之一/);
  await press(posted, "form[action$='/own'] button");
  await posted.waitForSelector("[data-plan][data-ready]");
  assert.notEqual(new URL(posted.url()).pathname, path);
  const own = posted.url();
  assert.match(await posted.locator(".plan-authors").innerText(), new RegExp(author), "the first author is named");
  await write(posted, "Aims", "会画图表示。");
  await saved(posted);
  await press(posted, "a[href$='/compare']");
  assert.equal((await posted.locator(".diff ins").allInnerTexts()).join(""), "会画图表示。");
  assert.equal(await posted.locator(".diff del").count(), 0);
  problems.push(...await look(posted, "en-plan-compare"));

  // An earlier text comes back, and the way back is a version too.
  await posted.goto(`${own}/versions`);
  problems.push(...await look(posted, "en-plan-versions"));
  await posted.goto(`${own}/compare?version=1`);
  await press(posted, "form[action$='/bring-back'] button");
  await posted.waitForSelector("[data-plan][data-ready]");
  await until(async () => !(await text(posted)).includes("会画图表示"), "the earlier text");
  assert.match(await text(posted), /理解几分之一/);
  assert.deepEqual(problems, []);
});

// A plan on one sheet, as schools write them, saved by an office program.
function sheet() {
  const dir = mkdtempSync(join(tmpdir(), "sheet-"));
  try {
    writeFileSync(join(dir, "plan.html"), `<!doctype html><meta charset="utf-8"><h1>《植物的叶》教学设计</h1>
      <table border="1"><tr><td>年级</td><td colspan="3">四年级</td></tr>
      <tr><td>教学目标</td><td colspan="3"><ol><li>认识叶的形状。</li><li>会<b>分类</b>。</li></ol></td></tr>
      <tr><td>教学重、难点</td><td colspan="3">按特征分类</td></tr>
      <tr><td>教学环节</td><td>教师活动</td><td>学生活动</td><td>设计意图</td></tr>
      <tr><td>一、导入(5分钟)</td><td><p>出示三片叶子。</p></td><td>观察,说不同。</td><td>引起兴趣</td></tr>
      <tr><td>二、探究(25分钟)</td><td>分组指导。</td><td>给叶子分类。</td><td></td></tr>
      <tr><td>板书设计</td><td colspan="3">叶:圆 · 长 · 针</td></tr></table>
      <p><b>教学反思:</b>时间不够。</p>`);
    execFileSync("soffice", [`-env:UserInstallation=file://${dir}/profile`, "--headless", "--infilter=HTML (StarWriter)", "--convert-to", "docx:MS Word 2007 XML", "--outdir", dir, join(dir, "plan.html")], { stdio: "ignore", timeout: 90_000 });
    return readFileSync(join(dir, "plan.docx"));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test("a plan that a teacher has as a document becomes one that is written here", { timeout: 240_000 }, async () => {
  const problems = [];
  for (const lang of ["bo", "en"]) {
    const page = await (await reader(stage.browser, lang)).newPage();
    await be(page, school(1), "local", "/plans/import");
    problems.push(...await look(page, `${lang}-plan-import`));
  }
  const page = await (await reader(stage.browser, "zh")).newPage();
  await be(page, school(1), "local", "/plans");
  problems.push(...await look(page, "zh-plans"));
  await press(page, "main a[href='/plans/import']");
  problems.push(...await look(page, "zh-plan-import"));

  // An older document is refused with a way out, and what was chosen stands.
  await page.selectOption("#i-subject", "science");
  await page.setInputFiles("#i-file", { name: "教案.doc", mimeType: "application/msword", buffer: Buffer.from("d0cf11e0a1b11ae1", "hex") });
  await press(page, "main form button.primary");
  assert.match(await page.locator(".errors").innerText(), /\.docx/);
  assert.equal(await page.inputValue("#i-subject"), "science");
  problems.push(...await look(page, "zh-plan-import-refused"));

  await page.setInputFiles("#i-file", { name: "植物的叶.docx", mimeType: "application/octet-stream", buffer: sheet() });
  await press(page, "main form button.primary");
  await page.waitForSelector("[data-plan][data-ready]");
  assert.match(await page.locator("h1").innerText(), /植物的叶/);
  const said = await text(page);
  for (const part of ["认识叶的形状", "按特征分类", "出示三片叶子", "给叶子分类", "引起兴趣", "圆 · 长 · 针", "时间不够"]) {
    assert.ok(said.includes(part), `${part} in ${said}`);
  }
  assert.equal(await page.locator(".ProseMirror strong", { hasText: "分类" }).count(), 1);
  assert.match(await page.locator("main").innerText(), /植物的叶\.docx/);
  problems.push(...await look(page, "zh-plan-imported"));
  await write(page, "教学难点", "有的叶子两类都像。");
  await saved(page);
  assert.deepEqual(problems, []);
});
