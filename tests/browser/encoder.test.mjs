// An encoder with pictures: what it sends is seen at another school and by a player, as H.264 and as VP8, in its own colours;
// and a player behind a narrow way gets the layer that the way bears. What is refused disturbs nobody.
import assert from "node:assert/strict";
import dgram from "node:dgram";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { be, enter, hub, look, ofToday, press, reader, school, start, until } from "./stage.mjs";

let stage;
before(async () => { stage = await start(["--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required"]); }, { timeout: 120_000 });
after(async () => { await stage?.stop(); });

/** What a page of an encoder or a player has at hand: it belongs to no class's page, and has a key alone. */
const tools = () => {
  const ask = (address, offer) => fetch(address, { method: "POST", headers: { "content-type": "application/sdp" }, body: offer });
  window.peers = [];
  const dial = async (address, peer, change = (sdp) => sdp) => {
    await peer.setLocalDescription(await peer.createOffer());
    const answer = await ask(address, peer.localDescription.sdp);
    const said = { status: answer.status, session: answer.headers.get("location"), sdp: await answer.text() };
    if (answer.status === 201) await peer.setRemoteDescription({ type: "answer", sdp: change(said.sdp) });
    return said;
  };
  /** Four fields of colour, and something that moves, so that there is always something to be sent. */
  const pattern = (width, height, noise) => {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    const grain = pen.createImageData(width, height);
    let n = 0;
    setInterval(() => {
      const [w, h] = [width / 2, height / 2];
      for (const [colour, x, y] of [["#d02020", 0, 0], ["#20a020", w, 0], ["#2040d0", 0, h], ["#e0d020", w, h]]) {
        pen.fillStyle = colour;
        pen.fillRect(x, y, w, h);
      }
      if (noise) {
        for (let i = 0; i < grain.data.length; i += 1) grain.data[i] = i % 4 === 3 ? 255 : Math.random() * 256;
        // In the middle alone, or everywhere.
        pen.putImageData(grain, 0, 0, (width * (1 - noise)) / 2, 0, width * noise, height);
      }
      pen.fillStyle = "#fff";
      pen.fillRect(w - 10, (n += 3) % height, 20, 20);
    }, 66);
    return canvas.captureStream(15);
  };
  window.encode = async (address, { codec, layers, width = 320, height = 180, noise = 0, greedy = false }) => {
    const peer = new RTCPeerConnection();
    window.peers.push(peer);
    const sound = new AudioContext();
    const [tone, out] = [sound.createOscillator(), sound.createMediaStreamDestination()];
    tone.connect(out);
    tone.start();
    peer.addTransceiver(out.stream.getAudioTracks()[0], { direction: "sendonly" });
    const options = { direction: "sendonly" };
    if (layers) options.sendEncodings = layers;
    if (greedy) options.sendEncodings = [{ maxBitrate: 6_000_000 }];
    const picture = peer.addTransceiver(pattern(width, height, noise).getVideoTracks()[0], options);
    if (codec) picture.setCodecPreferences(RTCRtpSender.getCapabilities("video").codecs.filter((c) => c.mimeType === codec));
    return dial(address, peer, (sdp) => (greedy ? sdp.replace(/b=AS:.*\r\n/, "") : sdp));
  };
  window.play = async (address, port) => {
    const peer = new RTCPeerConnection();
    window.peers.push(peer);
    for (const kind of ["audio", "video"]) peer.addTransceiver(kind, { direction: "recvonly" });
    const video = document.body.appendChild(Object.assign(document.createElement("video"), { muted: true, autoplay: true }));
    video.srcObject = new MediaStream(peer.getReceivers().map((r) => r.track));
    return dial(address, peer, (sdp) => (port ? sdp.replaceAll(/(a=candidate:.* udp \S+ \S+ )\d+/gi, `$1${port}`) : sdp));
  };
};
/** What a page's connections tell of a kind of stream, all together. */
const told = (page, type, kind) => page.evaluate(async ([type, kind]) => {
  const sum = { packets: 0, lost: 0, bytes: 0, frames: 0, width: 0, codec: "" };
  for (const peer of window.peers) {
    if (peer.connectionState === "closed") continue;
    const stats = await peer.getStats();
    for (const stat of stats.values()) {
      if (stat.type !== type || stat.kind !== kind) continue;
      sum.packets += stat.packetsReceived ?? stat.packetsSent ?? 0;
      sum.lost += stat.packetsLost ?? 0;
      sum.bytes += stat.bytesReceived ?? stat.bytesSent ?? 0;
      sum.frames += stat.framesDecoded ?? 0;
      sum.width = Math.max(sum.width, stat.frameWidth ?? 0);
      sum.codec = stats.get(stat.codecId)?.mimeType ?? sum.codec;
    }
  }
  return sum;
}, [type, kind]);
/** The middle of each quarter of the picture that a page shows. */
const quarters = (page) => page.evaluate(() => {
  const video = document.querySelector("video");
  if (video.hidden || !video.videoWidth) return [];
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 40, 40);
  return [[8, 10], [32, 10], [8, 30], [32, 30]].map(([x, y]) => [...pen.getImageData(x, y, 1, 1).data].slice(0, 3));
});
const COLOURS = [[0xd0, 0x20, 0x20], [0x20, 0xa0, 0x20], [0x20, 0x40, 0xd0], [0xe0, 0xd0, 0x20]];
/** Whether it is the encoder's picture: video is coded in fewer shades than a screen has. */
const isIt = async (page) => {
  const shown = await quarters(page);
  return shown.length === 4 && shown.every((rgb, n) => rgb.every((v, i) => Math.abs(v - COLOURS[n][i]) < 40));
};
const grows = async (page, type, kind, by, what) => {
  const from = (await told(page, type, kind)).packets;
  await until(async () => (await told(page, type, kind)).packets > from + by, what, 30_000);
};
const note = (context) => context.addInitScript(() => {
  window.peers = [];
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
});
const own = async (host) => {
  const page = await (await stage.browser.newContext()).newPage();
  await page.goto(`${host}/health`);
  await page.evaluate(tools);
  return page;
};
/** Makes a key on the page for it; gives the address that holds it. */
const key = async (page, host, path, way) => {
  await page.goto(`${host}${path}/keys`);
  await press(page, `main button[value=${way}]`);
  return page.locator("code.fingerprint").nth(2).innerText();
};
/** A way that bears so many bytes a second; what is more is lost. */
const narrow = async (port) => {
  const [front, back] = [dgram.createSocket("udp4"), dgram.createSocket("udp4")];
  await Promise.all([front, back].map((socket) => new Promise((done) => socket.bind(0, "127.0.0.1", done))));
  const way = { bears: 1e9, port: front.address().port, close: () => [front, back].forEach((s) => s.close()) };
  let [page, room, at] = [null, 0, Date.now()];
  front.on("message", (bytes, from) => { page = from; back.send(bytes, port, "127.0.0.1"); });
  back.on("message", (bytes) => {
    room = Math.min(way.bears / 4, room + (way.bears * (Date.now() - at)) / 1000);
    at = Date.now();
    if (!page || room < bytes.length) return;
    room -= bytes.length;
    front.send(bytes, page.port, page.address);
  });
  return way;
};

test("an encoder's picture is seen at another school and by players", { timeout: 300_000 }, async () => {
  const problems = [];
  const inClass = async (lang) => {
    const context = await reader(stage.browser, lang);
    await note(context);
    return context.newPage();
  };
  const [teacher, first] = [await inClass("zh"), await inClass("en")];
  await be(teacher, hub, "coordinator", "/classes");
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  const [whip, whep] = [await key(teacher, hub, path, "whip"), await key(teacher, hub, path, "whep")];
  for (const lang of ["zh", "bo", "en"]) {
    await teacher.context().addCookies([{ name: "zampa_lang", value: lang, url: hub }]);
    await teacher.goto(`${hub}${path}/keys`);
    problems.push(...await look(teacher, `${lang}-encoder-keys`));
  }
  await be(first, school(1), "local", `${path}/live`);
  const [far] = [await key(first, school(1), path, "whep")];
  await enter(first, school(1), null, path);
  await enter(teacher, hub, null, path);
  await teacher.locator("[data-class-begin]").click();
  await until(async () => (await first.locator("[data-class]").getAttribute("data-began")) === "true", "the class to begin");

  // H.264 alone, as OBS sends it: at the hub, at a school, and at players of both.
  const [encoder, player, other] = [await own(hub), await own(hub), await own(school(1))];
  const said = await encoder.evaluate((address) => window.encode(address, { codec: "video/H264" }), whip);
  assert.equal(said.status, 201);
  assert.match(said.sdp, /H264\/90000/);
  for (const [page, address] of [[player, whep], [other, far]]) assert.equal((await page.evaluate((a) => window.play(a), address)).status, 201);
  for (const [page, what] of [[teacher, "the hub's page"], [first, "the school's page"], [player, "a player"], [other, "a player at the school"]]) {
    await until(() => isIt(page), `the picture at ${what}`, 60_000);
    await grows(page, "inbound-rtp", "audio", 30, `the voice at ${what}`);
    assert.equal((await told(page, "inbound-rtp", "video")).codec, "video/H264", what);
  }
  problems.push(...await look(first, "en-encoder-class"));
  await other.screenshot({ path: join(import.meta.dirname, "..", "..", "artifacts", "encoder-player.png") });

  // What is refused: nobody notices.
  const before = await told(first, "inbound-rtp", "video");
  const refused = await encoder.evaluate(async ([whip, wrong]) => {
    const ask = async (address, body) => (await fetch(address, { method: "POST", headers: { "content-type": "application/sdp" }, body })).status;
    return [await ask(wrong, window.peers[0].localDescription.sdp), await ask(whip, "v=0\r\nm=video 9 X 96\r\na=mid:0\r\n")];
  }, [whip, whip.replace(/.$/, (c) => (c === "a" ? "b" : "a"))]);
  assert.deepEqual(refused, [401, 400]);
  await until(async () => (await told(first, "inbound-rtp", "video")).frames > before.frames + 20, "the picture to go on");

  // The same encoder comes again, as a browser that sends VP8, and takes its own place.
  const again = await encoder.evaluate((address) => { window.peers.pop().close(); return window.encode(address, {}); }, whip);
  assert.match(again.sdp, /VP8\/90000/);
  await until(async () => (await told(first, "inbound-rtp", "video")).codec === "video/VP8" && await isIt(first), "the picture as VP8", 60_000);
  await until(() => isIt(other), "the same at the player");

  // An encoder that sends what no page could show is answered so, and is heard.
  const foreign = await encoder.evaluate((address) => { window.peers.pop().close(); return window.encode(address, { codec: "video/AV1" }); }, whip);
  assert.match(foreign.sdp, /m=video 0 /);
  await grows(first, "inbound-rtp", "audio", 30, "the voice alone");
  await until(async () => (await quarters(first)).length === 0, "the box of the picture to go", 20_000);

  // Noise that keeps to no bound: the school hears all the same, and over the link goes no more than may.
  await encoder.evaluate((address) => { window.peers.pop().close(); return window.encode(address, { codec: "video/H264", width: 1280, height: 720, noise: 1, greedy: true }); }, whip);
  await until(async () => (await told(encoder, "outbound-rtp", "video")).bytes > 3_000_000, "much to be sent", 60_000);
  const [voice, sent, came] = [await told(first, "inbound-rtp", "audio"), await told(encoder, "outbound-rtp", "video"), await told(first, "inbound-rtp", "video")];
  await new Promise((done) => setTimeout(done, 10_000));
  const [heard, rate, arrived] = [await told(first, "inbound-rtp", "audio"), await told(encoder, "outbound-rtp", "video"), await told(first, "inbound-rtp", "video")];
  const kbit = (now, then) => Math.round(((now.bytes - then.bytes) * 8) / 10_000);
  console.log(`sent ${kbit(rate, sent)} kbit/s, came ${kbit(arrived, came)} kbit/s, voice ${heard.packets - voice.packets} packets, ${heard.lost - voice.lost} lost`);
  assert.ok(kbit(arrived, came) <= 1000, "over the link goes what may");
  assert.ok(heard.packets - voice.packets > 100 && heard.lost - voice.lost <= 3, "and the voice");
  await encoder.evaluate(() => window.peers.pop().close());
  assert.deepEqual(problems, []);
});

test("a player behind a narrow way gets the layer that it bears", { timeout: 240_000 }, async (t) => {
  const teacher = await (await reader(stage.browser, "zh")).newPage();
  await be(teacher, hub, "coordinator", "/classes");
  await press(teacher, ofToday);
  const path = new URL(teacher.url()).pathname;
  const [whip, whep] = [await key(teacher, hub, path, "whip"), await key(teacher, hub, path, "whep")];
  await enter(teacher, hub, null, path);
  if ((await teacher.locator("[data-class]").getAttribute("data-began")) !== "true") await teacher.locator("[data-class-begin]").click();
  const [encoder, player] = [await own(hub), await own(hub)];
  // Named as some encoder may name them, the large one first.
  const layers = [{ rid: "0", maxBitrate: 600_000 }, { rid: "1", scaleResolutionDownBy: 4, maxBitrate: 60_000 }];
  const said = await encoder.evaluate(([address, layers]) => window.encode(address, { width: 640, height: 360, noise: 0.2, layers }), [whip, layers]);
  assert.equal(said.status, 201);
  const way = await narrow(Number(said.sdp.match(/a=candidate:.* udp \S+ \S+ (\d+)/i)[1]));
  t.after(() => way.close());
  assert.equal((await player.evaluate(([address, port]) => window.play(address, port), [whep, way.port])).status, 201);
  const width = async () => player.evaluate(() => document.querySelector("video").videoWidth);
  const began = Date.now();
  const at = async (wide, what) => { await until(async () => (await width()) === wide, what, 60_000); console.log(`${what}: ${((Date.now() - began) / 1000).toFixed(0)} s`); };
  await at(640, "the large layer");
  const usual = await told(player, "inbound-rtp", "video");
  await new Promise((done) => setTimeout(done, 3000));
  const large = ((await told(player, "inbound-rtp", "video")).bytes - usual.bytes) / 3;
  // A third of what the large one took.
  way.bears = Math.max(large / 3, 15_000);
  console.log(`the large layer takes ${Math.round(large / 125)} kbit/s, the way bears ${Math.round(way.bears / 125)}`);
  await at(160, "the small layer");
  await until(() => isIt(player), "its colours");
  way.bears = 1e9;
  await at(640, "the large layer again");
});
