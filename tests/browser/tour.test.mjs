// A study tour from Chamdo to Chongqing: refused while something is missing, approved by two tiers, called on a phone with no
// network, told with a picture, closed; after which no database of any node holds a contact.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, hub, look, photograph, pictures, press, reader, school, start, until } from "./stage.mjs";

const PIN = "27182818";
/** What nobody but the leader reads, and what no node but the school's holds. */
const NUMBER = "13900271828";
const NAMES = ["བསོད་ནམས་སྒྲོལ་མ་དྲུག་པ", "扎西顿珠丙", "བཀྲ་ཤིས་བདུན་པ"];

let stage;
before(async () => { stage = await start(); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** The bytes of all databases of a node, with what is written ahead. */
function disk(node) {
  const dir = join(stage.data, node);
  return Buffer.concat(readdirSync(dir, { withFileTypes: true }).filter((one) => one.isFile()).map((one) => readFileSync(join(dir, one.name))));
}

/** The day in the programme's zone, so many days from now. */
const dayIn = (days) => new Date(Date.now() + days * 24 * 3_600_000).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });

const lacks = async (page) => (await page.locator("#lacks li").allTextContents()).map((one) => one.trim());

test("pupils of Chamdo in Chongqing", { timeout: 400_000 }, async () => {
  const problems = [];
  const [of_leader, of_head, of_office] = await Promise.all([reader(stage.browser, "zh"), reader(stage.browser, "zh"), reader(stage.browser, "zh")]);
  const [leader, head, office] = await Promise.all([of_leader, of_head, of_office].map((one) => one.newPage()));
  for (const page of [leader, head, office]) page.setDefaultTimeout(15_000);
  await be(leader, school(1), "posted");
  const called = (await leader.locator(".account summary").textContent()).trim();
  await be(head, school(1), "head");
  await be(office, hub, "officer");

  // The plan.
  await leader.goto(`${school(1)}/tours/new`);
  await leader.fill("#c-title", "昌都学生到重庆去(虚构)");
  const own = (await leader.locator("footer").textContent()).split("·")[0].trim();
  await leader.selectOption("#c-school", { label: own });
  await leader.selectOption("#c-host", { index: 1 });
  await leader.fill("#c-starts_on", dayIn(0));
  await leader.fill("#c-ends_on", dayIn(2));
  await leader.fill("#c-purpose", "看两江,和渝中的班级同上一课。");
  await leader.fill("#c-plan", "第一天:昌都飞重庆。\n第二天:科技馆、江边。\n第三天:返回。");
  await press(leader, "main button.primary");
  const tour = new URL(leader.url()).pathname;
  const add = async (kind, fill, page = leader) => {
    await page.goto(`${school(1)}/${kind}/new?tour=${tour.split("/").pop()}`);
    await fill();
    await press(page, "main button.primary");
  };
  const pick = async (field, name, page = leader) => {
    const value = await page.locator(`#c-${field} option`, { hasText: new RegExp(`^${name}`) }).first().getAttribute("value");
    await page.selectOption(`#c-${field}`, value);
  };
  // The head names who goes along.
  await add("tour-adults", async () => { await pick("person", called, head); await head.selectOption("#c-part", "leader"); }, head);
  await leader.goto(school(1) + tour);
  for (const lang of ["zh", "bo", "en"]) {
    await leader.goto(`${school(1)}/language/${lang}?back=${tour}`);
    problems.push(...await look(leader, `${lang}-tour-draft`));
  }
  await leader.goto(`${school(1)}/language/zh?back=${tour}/leave`);

  // It does not leave, and is told why.
  assert.ok((await lacks(leader)).includes("审批：派出学校校长"));
  await press(leader, "#leave");
  const first = await lacks(leader);
  for (const what of ["审批：派出学校校长", "审批：主管部门", "学生：名单还是空的", "风险：尚未列出", "路线：尚无路段"]) assert.ok(first.includes(what), `${what}: ${first}`);
  problems.push(...await look(leader, "zh-tour-refused"));

  const legs = [["昌都", "重庆", "plane", 0], ["江北机场", "渝中", "bus", 0], ["重庆", "昌都", "plane", 2]];
  for (const [from, to, how, day] of legs) {
    await add("tour-legs", async () => {
      await leader.fill("#c-day", dayIn(day));
      await leader.fill("#c-from_place", from);
      await leader.fill("#c-to_place", to);
      await leader.selectOption("#c-how", how);
      await pick("adult", called);
    });
  }
  await add("tour-risks", async () => { await leader.fill("#c-what", "晕车"); await leader.fill("#c-measure", "备药,每两小时停一次。"); });

  // Pupils: by code, in their own script. The first page in three languages.
  await leader.goto(`${school(1)}${tour}/pupils`);
  problems.push(...await look(leader, "zh-tour-pupils-none"));
  for (const [n, name] of NAMES.entries()) {
    await leader.goto(`${school(1)}${tour}/pupils`);
    await leader.fill("#code", `C0${n + 1}`);
    await leader.fill("#name", name);
    await leader.fill("#class", "五年级");
    await press(leader, "main form button.primary");
    if (n === 0) problems.push(...await look(leader, "zh-tour-pupil-new"));
  }
  // A slip of the code asks before another child goes, and keeps what was typed.
  await leader.goto(`${school(1)}${tour}/pupils`);
  await leader.fill("#code", "C01");
  await leader.fill("#name", "另一个孩子");
  await press(leader, "main form button.primary");
  assert.match(await leader.locator("[role=alert]").textContent(), /编号 C01 属于另一个姓名的学生/);
  assert.equal(await leader.locator("#name").inputValue(), "另一个孩子");
  assert.equal(await leader.locator("#pupils li").count(), NAMES.length);
  problems.push(...await look(leader, "zh-tour-pupil-asks"));
  await leader.goto(`${school(1)}${tour}/leave`);
  const second = await lacks(leader);
  assert.ok(second.includes(`参加的同意书：${NAMES.join("、")}`) && second.includes(`紧急联系人：${NAMES.join("、")}`), second.join());

  // The head, then the office; at the hub without any name.
  await head.goto(school(1) + tour);
  await press(head, "#tour form[action$='/approve'] button");
  await until(async () => { await office.goto(hub + tour); return (await office.locator("#tour form[action$='/approve'] button").count()) === 1; }, "the hub to hear of the head's approval");
  const there = await office.locator("main").textContent();
  assert.ok(there.includes("<5") && !NAMES.some((name) => there.includes(name)), "how many, and below five not even that");
  problems.push(...await look(office, "zh-tour-office"));
  await press(office, "#tour form[action$='/approve'] button");
  await until(async () => { await leader.goto(school(1) + tour); return (await leader.locator("#tour-approvals .tag.ok").count()) === 2; }, "both approvals at the school");

  // Consents and contacts.
  await leader.goto(`${school(1)}${tour}/pupils`);
  const pages = await leader.locator("#pupils a").evaluateAll((all) => all.map((a) => a.href));
  for (const [n, at] of pages.entries()) {
    await leader.goto(at);
    if (n === 0) await leader.locator("input[name=purpose][value=pictures]").check();
    await leader.fill("#given_by", "阿妈");
    await leader.selectOption("#language", "bo");
    await leader.fill("#version", "2026-09");
    await leader.fill("#contact", `阿妈 ${NUMBER}`);
    await press(leader, "#keep button.primary");
    assert.ok(!(await leader.locator("main").textContent()).includes(NUMBER), "sealed as it is written");
  }
  for (const lang of ["zh", "bo", "en"]) {
    await leader.goto(`${school(1)}/language/${lang}?back=${tour}/pupils`);
    problems.push(...await look(leader, `${lang}-tour-pupils`));
    await leader.goto(pages[0]);
    problems.push(...await look(leader, `${lang}-tour-pupil`));
  }
  await leader.goto(`${school(1)}/language/zh?back=${tour}/leave`);
  problems.push(...await look(leader, "zh-tour-ready"));
  await press(leader, "#leave");
  assert.ok((await leader.locator(".life [aria-current]").textContent()).includes("途中"));
  problems.push(...await look(leader, "zh-tour-under-way"));

  // A contact: to the leader, and the head is told.
  await leader.goto(pages[1]);
  await press(leader, "#open-contact");
  assert.ok((await leader.locator("#opened").textContent()).includes(NUMBER));
  await head.goto(pages[1]);
  assert.equal(await head.locator("#open-contact").count(), 0);
  await head.locator("#openings summary").click();
  assert.ok((await head.locator("#openings").textContent()).includes("打开联系人"));
  assert.ok(!disk("school-1").includes(NUMBER), "sealed on the disk too");

  // The phone takes the list along, and calls the roll with no network.
  const phone = await reader(stage.browser, "zh", 360);
  const page = await phone.newPage();
  page.setDefaultTimeout(15_000);
  await be(page, school(1), "posted");
  await page.goto(`${school(1)}/pocket`);
  await page.fill("#c-device", "领队的手机");
  await page.fill("#c-pin", PIN);
  await page.fill("#c-again", PIN);
  await page.locator("form button.primary").click();
  await page.locator("#tours a").waitFor();
  await until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration("/pocket"))?.active?.state === "activated"), "the worker");
  await phone.setOffline(true);
  await page.reload();
  await page.fill("#c-pin", PIN);
  await page.locator("form button.primary").click();
  for (const [name, button] of [["zh", "中文"], ["bo", "བོད་ཡིག"], ["en", "English"], ["zh", "中文"]]) {
    await page.getByRole("button", { name: button }).click();
    problems.push(...await look(page, `${name}-pocket-tour-home`));
  }
  await page.setViewportSize({ width: 360, height: 800 });
  // All here: one tap.
  await page.locator("#tours a").click();
  await page.locator("#call").click();
  await page.locator("#tours a").waitFor();
  // One is missing: whom to call, and what to do.
  await page.locator("#tours a").click();
  await page.locator("#pupils .pocket-name").nth(1).click();
  await page.locator(".open-contact").click();
  await until(async () => (await page.locator(".pocket-contact").textContent()).includes(NUMBER), "the contact");
  problems.push(...await look(page, "zh-pocket-tour-missing"));
  await page.setViewportSize({ width: 360, height: 800 });
  await page.locator("#call").click();
  await until(async () => (await page.locator("#called li").count()) === 2, "the two roll-calls");
  // Whom to call and what to do stay in sight until they are found.
  assert.equal(await page.locator("#pupils .pocket-name[aria-pressed=true]").count(), 1);
  assert.equal(await page.locator("#cards .notice.bad").count(), 1);
  problems.push(...await look(page, "zh-pocket-tour-called"));
  for (const [name, button] of [["bo", "བོད་ཡིག"], ["en", "English"]]) {
    await page.getByRole("button", { name: button }).click();
    problems.push(...await look(page, `${name}-pocket-tour`));
  }
  await page.setViewportSize({ width: 360, height: 800 });
  // Nothing of it lies on the phone in the clear.
  const kept = await page.evaluate(async () => {
    const db = await new Promise((resolve) => { const r = indexedDB.open("zampa-pocket"); r.onsuccess = () => resolve(r.result); });
    const all = await Promise.all(["clear", "sealed"].map((store) => new Promise((resolve) => { const r = db.transaction(store).objectStore(store).getAll(); r.onsuccess = () => resolve(r.result); })));
    const text = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new TextDecoder().decode(value) : typeof value === "object" && value ? Object.values(value).map(text).join(" ") : String(value);
    return text(all);
  });
  assert.ok(!kept.includes(NUMBER) && !NAMES.some((name) => kept.includes(name)), "sealed on the phone");

  // The node is met; of the first delivery the answer is lost, so all of it comes twice, and is made once.
  await page.locator(".brand, a[href='#']").last().click();
  await page.locator("#hand").waitFor();
  await page.route("**/pocket/hand", async (route) => {
    const asked = route.request();
    const to = new URL(asked.url());
    const answer = await fetch(`http://127.0.0.1:${to.port}${to.pathname}`, { method: "POST", headers: { authorization: await asked.headerValue("authorization"), "content-type": "application/json" }, body: asked.postData() });
    assert.equal(answer.status, 200);
    await route.abort();
  }, { times: 1 });
  await phone.setOffline(false);
  await until(async () => { await page.locator("#hand").click(); return (await page.locator(".notice.ok").allTextContents()).some((told) => told.includes("Met a node")); }, "the node to be met");
  await leader.goto(school(1) + tour);
  assert.equal(await leader.locator("#tour-rolls li").count(), 2, "each roll-call once");
  const told = await leader.locator("#tour-rolls").textContent();
  assert.ok(told.includes("3 人全到") && told.includes("到 2 人，缺 1 人") && told.includes("C02"), told);
  await head.goto(`${school(1)}/today`);
  assert.ok((await head.locator("main").textContent()).includes("最近一次点名有学生缺席"), "the head is told");
  await head.goto(school(1) + tour);
  assert.equal((await head.locator("#tour-openings").textContent()).split("途中打开联系人").length, 2, "the opening on the way, once");
  problems.push(...await look(head, "zh-tour-head"));
  await until(async () => { await office.goto(hub + tour); return (await office.locator("#tour-rolls li").count()) === 2; }, "the roll-calls at the hub");
  const counted = await office.locator("#tour-rolls").textContent();
  assert.ok(!counted.includes("C02") && !NAMES.some((name) => counted.includes(name)), counted);

  // A story with a picture, once its writer has looked at it.
  await leader.goto(`${school(1)}/tour-stories/new?tour=${tour.split("/").pop()}`);
  await leader.fill("#c-title", "两条江在这里相遇");
  await leader.fill("#c-text_zh", "第二天,我们在朝天门看两条江。\n渝中的同学问:昌都的江叫什么?");
  await leader.fill("#c-text_en", "On the second day we watched two rivers meet.");
  await press(leader, "main button.primary");
  const story = new URL(leader.url()).pathname;
  assert.ok((await leader.locator("#story-hidden").textContent()).includes(NAMES.slice(1).join("、")));
  const photo = await photograph(leader);
  const send = async () => {
    await leader.setInputFiles("#add-files", { name: "IMG_1.jpg", mimeType: "image/jpeg", buffer: photo });
    await press(leader, ".add-files button");
  };
  await send();
  assert.ok((await leader.locator("main").textContent()).includes("请先在故事中确认"));
  await leader.goto(`${school(1)}${story}/edit`);
  await leader.check("#c-unseen");
  await press(leader, "main button.primary");
  await send();
  problems.push(...await look(leader, "zh-tour-story-record"));
  await leader.goto(`${school(1)}${story}/move/publish`);
  await press(leader, "main button.primary");
  for (const lang of ["zh", "bo", "en"]) {
    await leader.goto(`${school(1)}/language/${lang}?back=${tour}/stories/${story.split("/").pop()}`);
    assert.equal(await leader.locator(".story-pictures img").count(), 1);
    problems.push(...await look(leader, `${lang}-tour-story`));
  }
  await leader.goto(`${school(1)}/language/zh?back=${tour}`);

  // Closed: contacts are gone, of every node and of the phone.
  await leader.locator("#tour-end summary").click();
  await press(leader, "#tour-close");
  assert.ok((await leader.locator(".life [aria-current]").textContent()).includes("已结束"));
  for (const lang of ["zh", "bo", "en"]) {
    await leader.goto(`${school(1)}/language/${lang}?back=${tour}`);
    problems.push(...await look(leader, `${lang}-tour-closed`));
  }
  await page.goto(`${school(1)}/pocket`);
  await page.fill("#c-pin", PIN);
  await page.locator("form button.primary").click();
  await until(async () => (await page.locator("#unplanned").count()) === 1 && (await page.locator("#tours").count()) === 0, "the phone to forget the tour");
  await until(async () => { await office.goto(hub + tour); return (await office.locator(".life [aria-current]").textContent()).includes("已结束"); }, "the hub to hear of it");
  for (const node of ["hub", "school-1", "school-2"]) {
    assert.ok(!disk(node).includes(NUMBER), `${node} has a contact`);
    if (node !== "school-1") for (const name of NAMES) assert.ok(!disk(node).includes(name), `${node} has a pupil's name`);
  }
  const sheet = await leader.evaluate(async (at) => Array.from(new Uint8Array(await (await fetch(at)).arrayBuffer())), `${tour}/sheet`);
  writeFileSync(join(pictures, "tour-sheet.pdf"), Buffer.from(sheet));
  assert.equal(Buffer.from(sheet).subarray(0, 5).toString(), "%PDF-");
  assert.deepEqual(problems, []);
  for (const one of [phone, of_leader, of_head, of_office]) await one.close();
});
