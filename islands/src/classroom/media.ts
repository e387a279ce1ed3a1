/*
 * Voice of a class: this page's microphone to its node, and what is said in the class from the node to this page. To listen
 * works on every page; a microphone wants a page that the browser trusts. How much voice may take, the node's answer says.
 */
import { BEHIND, loud } from "./hears.ts";
import type { Way as Which, Wire } from "./wire.ts";

/** One way between the page and its node, begun anew when it fails. */
class Way {
  private peer: RTCPeerConnection | undefined;
  private again: number | undefined;

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
    this.fill(peer);
    peer.addEventListener("connectionstatechange", () => {
      if (this.peer !== peer) return;
      this.tell(peer.connectionState);
      if (peer.connectionState === "failed") this.again = window.setTimeout(() => void this.begin(), 1000);
    });
    await peer.setLocalDescription(await peer.createOffer());
    this.wire.offer(this.way, peer.localDescription?.sdp ?? "", this.channel());
  }

  async answered(sdp: string): Promise<void> {
    if (this.peer?.signalingState === "have-local-offer") await this.peer.setRemoteDescription({ type: "answer", sdp });
  }

  end(): void {
    clearTimeout(this.again);
    this.peer?.close();
    this.peer = undefined;
  }

}

export class Media {
  private stream: MediaStream | undefined;
  private readonly send: Way;
  private readonly hear: Way;
  private readonly interpreted: Way;
  private readonly second = new Audio();
  private channel = 0;
  muted = true;

  constructor(
    wire: Wire,
    private readonly sound: HTMLAudioElement,
    private readonly heard: (playing: boolean) => void,
  ) {
    this.hear = new Way("hear", wire, (peer) => {
      peer.addTransceiver("audio", { direction: "recvonly" });
      peer.addEventListener("track", (event) => {
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
  }

  /** Begins to listen; again after the node was away. */
  async listen(): Promise<void> {
    if (this.stream) await this.send.begin();
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

  mute(yes: boolean): void {
    this.muted = yes;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !yes;
  }

  answered(way: Which, sdp: string): void {
    void { send: this.send, hear: this.hear, interpreted: this.interpreted }[way].answered(sdp);
  }

  end(): void {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.send.end();
    this.hear.end();
    this.interpreted.end();
  }
}
