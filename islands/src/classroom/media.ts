/*
 * Voice of a class: this page's microphone to its node, and what is said in the class from the node to this page. To listen
 * works on every page; a microphone wants a page that the browser trusts. How much voice may take, the node's answer says.
 */
import { BEHIND, loud } from "./hears.ts";
import { Sight, type Way as Which, type Wire } from "./wire.ts";

/** One way between the page and its node, begun anew when it fails. */
class Way {
  private peer: RTCPeerConnection | undefined;
  private again: number | undefined;
  /** How often it was begun: an answer is to the offer that has this number. */
  private count = 0;

  constructor(
    private readonly way: Which,
    private readonly wire: Wire,
    private readonly fill: (peer: RTCPeerConnection) => void,
    private readonly tell: (state: RTCPeerConnectionState) => void,
    private readonly channel: () => number = () => 0,
  ) {}

  async begin(): Promise<void> {
    this.end();
    const peer = new RTCPeerConnection();
    this.peer = peer;
    this.count += 1;
    const n = this.count;
    this.fill(peer);
    peer.addEventListener("connectionstatechange", () => {
      if (this.peer !== peer) return;
      this.tell(peer.connectionState);
      if (peer.connectionState === "failed") this.again = window.setTimeout(() => void this.begin(), 1000);
    });
    const offer = await peer.createOffer();
    // It may have been begun anew, or ended, meanwhile.
    if (this.peer !== peer) return;
    await peer.setLocalDescription(offer);
    if (this.peer !== peer) return;
    this.wire.offer(this.way, peer.localDescription?.sdp ?? "", n, this.channel());
  }

  async answered(sdp: string, n: number): Promise<void> {
    if (n === this.count && this.peer?.signalingState === "have-local-offer") await this.peer.setRemoteDescription({ type: "answer", sdp });
  }

  end(): void {
    clearTimeout(this.again);
    this.peer?.close();
    this.peer = undefined;
  }

}

/** Seconds without a picture before its box goes: a thin link brings one every five. */
const STILL = 7;

/** Points of a screen beyond which the small layer is too coarse. */
const COARSE = 200;

/** What is waited for at most before the page is listened with. */
const LOADS_MS = 3000;

/** When the page has loaded. A sound or picture that is given to a page before, and does not come yet because nobody speaks, holds its
 * loading back without an end: the browser would show that it goes on. */
function loaded(): Promise<void> {
  return new Promise((done) => {
    if (document.readyState === "complete") done();
    addEventListener("load", () => done(), { once: true });
    setTimeout(done, LOADS_MS);
  });
}

/** Two layers: one that a thin link may bear, and one for the node's own network. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: "s", scaleResolutionDownBy: 4, maxBitrate: 60_000, maxFramerate: 8 },
  { rid: "l", scaleResolutionDownBy: 1, maxBitrate: 600_000 },
];

export class Media {
  private stream: MediaStream | undefined;
  private camera: MediaStream | undefined;
  private watch: number | undefined;
  private receiver: RTCRtpReceiver | undefined;
  private readonly send: Way;
  private readonly shoots: Way;
  private readonly hear: Way;
  private readonly interpreted: Way;
  private readonly second = new Audio();
  private channel = 0;
  private sight = Sight.Large;
  muted = true;

  constructor(
    private readonly wire: Wire,
    private readonly sound: HTMLAudioElement,
    private readonly picture: HTMLVideoElement,
    private readonly heard: (playing: boolean) => void,
  ) {
    this.hear = new Way("hear", wire, (peer) => {
      peer.addTransceiver("audio", { direction: "recvonly" });
      peer.addTransceiver("video", { direction: "recvonly" });
      peer.addEventListener("track", (event) => {
        if (event.track.kind === "video") {
          this.see(event.receiver);
          return;
        }
        sound.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        void this.play();
      });
    }, () => {});
    this.interpreted = new Way("interpreted", wire, (peer) => {
      peer.addTransceiver("audio", { direction: "recvonly" });
      peer.addEventListener("track", (event) => {
        this.second.srcObject = event.streams[0] ?? new MediaStream([event.track]);
        void this.play();
      });
    }, () => {}, () => this.channel);
    this.send = new Way("send", wire, (peer) => {
      const track = this.stream?.getAudioTracks()[0];
      if (track && this.stream) peer.addTransceiver(track, { direction: "sendonly", streams: [this.stream] });
    }, () => {});
    this.shoots = new Way("film", wire, (peer) => {
      const track = this.camera?.getVideoTracks()[0];
      if (track && this.camera) peer.addTransceiver(track, { direction: "sendonly", streams: [this.camera], sendEncodings: LAYERS });
    }, () => {});
    new ResizeObserver(() => this.look()).observe(picture);
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Tells the node how large the picture is to be: none where nobody sees the page. */
  private look(): void {
    const points = this.picture.clientWidth * window.devicePixelRatio;
    const shown = points > 0 && points <= COARSE ? Sight.Small : Sight.Large;
    const sight = document.hidden ? Sight.None : shown;
    if (sight !== this.sight) this.wire.sight(sight);
    this.sight = sight;
  }

  /** Begins to listen; again after the node was away. */
  async listen(): Promise<void> {
    this.wire.sight(this.sight);
    if (this.stream) await this.send.begin();
    if (this.camera) await this.shoots.begin();
    await loaded();
    await this.hear.begin();
    if (this.channel > 0) await this.interpreted.begin();
  }

  /** Hears an interpreter, with what is spoken softly behind, or only what is spoken. */
  async interpret(channel: number): Promise<void> {
    this.channel = channel;
    loud(this.sound, channel > 0 ? BEHIND : 1);
    if (channel > 0) await this.interpreted.begin();
    else {
      this.interpreted.end();
      this.second.srcObject = null;
    }
  }

  /** A browser plays no sound before somebody has touched the page: then a button asks for it. */
  async play(): Promise<void> {
    try {
      await this.sound.play();
      if (this.second.srcObject) await this.second.play();
      this.heard(true);
    } catch {
      this.heard(false);
    }
  }

  /** Opens the microphone, or says why not. */
  async speak(): Promise<"insecure" | "deaf" | undefined> {
    if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
    if (!this.stream) {
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
      } catch {
        return "deaf";
      }
      await this.send.begin();
      // The page does not hear its own microphone.
      await this.hear.begin();
    }
    this.mute(false);
    return undefined;
  }

  get films(): boolean {
    return this.camera !== undefined;
  }

  /** Opens the camera beside the microphone, or says why not. What it films is seen with the floor only. */
  async film(): Promise<"insecure" | "deaf" | "blind" | undefined> {
    const muted = this.muted;
    const why = await this.speak();
    if (why) return why;
    this.mute(muted);
    try {
      this.camera = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 15 } } });
    } catch {
      return "blind";
    }
    await this.shoots.begin();
    this.preview();
    return undefined;
  }

  darken(): void {
    if (!this.camera) return;
    this.camera.getTracks().forEach((track) => track.stop());
    this.camera = undefined;
    this.picture.hidden = true;
    this.picture.srcObject = null;
    this.shoots.end();
    this.wire.offer("film", "");
    if (this.receiver) this.see(this.receiver);
  }

  /** Whoever films sees what the others see. */
  private preview(): void {
    this.picture.srcObject = this.camera ?? null;
    this.picture.hidden = false;
  }

  /** A picture is shown for as long as it comes; without one there is no empty box, and no face that stands still. */
  private see(receiver: RTCRtpReceiver): void {
    clearInterval(this.watch);
    this.receiver = receiver;
    if (!this.camera) this.picture.srcObject = new MediaStream([receiver.track]);
    let [frames, still] = [0, STILL];
    this.watch = window.setInterval(() => void receiver.getStats().then((stats) => {
      const now = [...stats.values()].reduce((sum: number, stat: { framesDecoded?: number }) => sum + (stat.framesDecoded ?? 0), 0);
      still = now > frames ? 0 : still + 1;
      frames = now;
      if (!this.camera) this.picture.hidden = still >= STILL;
    }), 1000);
  }

  mute(yes: boolean): void {
    this.muted = yes;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !yes;
  }

  answered(way: Which, sdp: string, n: number): void {
    void { send: this.send, film: this.shoots, hear: this.hear, interpreted: this.interpreted }[way].answered(sdp, n);
  }

  end(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    clearInterval(this.watch);
    this.camera?.getTracks().forEach((track) => track.stop());
    this.camera = undefined;
    this.picture.hidden = true;
    this.send.end();
    this.shoots.end();
    this.hear.end();
    this.interpreted.end();
  }
}
