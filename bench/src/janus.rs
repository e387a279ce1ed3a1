//! Janus 1.1 as Debian has it: a room in which one sends and others subscribe, asked over its HTTP interface.
#![expect(clippy::indexing_slicing, reason = "a JSON value has null where there is nothing")]

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::forward::within;

const PORT: u16 = 8088;
const ROOM: u64 = 77;
const WAIT: Duration = Duration::from_secs(10);

pub struct Janus {
    child: Child,
    address: Ipv4Addr,
    count: Cell<u64>,
    _config: tempfile::TempDir,
}

/// A handle in a session.
struct Handle {
    session: u64,
    handle: u64,
}

pub struct Subscription {
    handle: Handle,
    pub offer: String,
}

impl Janus {
    /// Starts it in the namespace, with the room.
    pub async fn start(address: Ipv4Addr) -> Result<Self> {
        let config = tempfile::tempdir()?;
        let dir = config.path().to_str().context("a path that is text")?;
        let write = |name: &str, text: String| std::fs::write(config.path().join(name), text);
        write(
            "janus.jcfg",
            format!(
                "general: {{ configs_folder = \"{dir}\" debug_level = 2 session_timeout = 0 }}\n\
                 media: {{ ipv6 = false }}\n\
                 nat: {{ ice_enforce_list = \"{address}\" }}\n\
                 plugins: {{ disable = \"{}\" }}\n\
                 transports: {{ disable = \"libjanus_pfunix.so,libjanus_websockets.so,libjanus_rabbitmq.so,libjanus_mqtt.so,libjanus_nanomsg.so\" }}\n",
                [
                    "audiobridge",
                    "duktape",
                    "echotest",
                    "lua",
                    "nosip",
                    "recordplay",
                    "sip",
                    "streaming",
                    "textroom",
                    "videocall",
                    "voicemail"
                ]
                .map(|name| format!("libjanus_{name}.so"))
                .join(",")
            ),
        )?;
        write(
            "janus.transport.http.jcfg",
            format!("general: {{ http = true port = {PORT} ip = \"{address}\" json = \"compact\" }}\n"),
        )?;
        write(
            "janus.plugin.videoroom.jcfg",
            format!("room-{ROOM}: {{ publishers = 2 bitrate = 4000000 audiocodec = \"opus\" videocodec = \"vp8\" }}\n"),
        )?;
        let child = within("janus", &["-F", dir, "-C", &format!("{dir}/janus.jcfg")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("janus is not there (apt install janus)")?;
        let janus = Self { child, address, count: Cell::new(0), _config: config };
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if janus.ask("", None).is_ok() || TcpStream::connect((address, PORT)).is_ok() {
                return Ok(janus);
            }
        }
        bail!("Janus does not answer (apt install janus)")
    }

    /// The process: `ip netns exec` becomes the program.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends an offer as the one who sends; gives the answer.
    pub fn publish(&self, offer: &str) -> Result<String> {
        let handle = self.attach()?;
        self.message(&handle, &json!({"request": "join", "ptype": "publisher", "room": ROOM, "id": 1}), None)?;
        self.event(&handle)?;
        self.message(&handle, &json!({"request": "publish"}), Some(json!({"type": "offer", "sdp": offer})))?;
        sdp(&self.event(&handle)?)
    }

    /// Subscribes to the one who sends; gives what Janus offers.
    pub fn subscribe(&self) -> Result<Subscription> {
        let handle = self.attach()?;
        let body = json!({"request": "join", "ptype": "subscriber", "room": ROOM, "streams": [{"feed": 1}]});
        self.message(&handle, &body, None)?;
        let offer = sdp(&self.event(&handle)?)?;
        Ok(Subscription { handle, offer })
    }

    /// Begins with an answer.
    pub fn begin(&self, subscription: &Subscription, answer: &str) -> Result<()> {
        let jsep = json!({"type": "answer", "sdp": answer});
        self.message(&subscription.handle, &json!({"request": "start"}), Some(jsep))?;
        self.event(&subscription.handle).map(drop)
    }

    fn attach(&self) -> Result<Handle> {
        let id = |value: Value| value["data"]["id"].as_u64().context("no number");
        let session = id(self.ask("", Some(json!({"janus": "create"})))?)?;
        let attach = json!({"janus": "attach", "plugin": "janus.plugin.videoroom"});
        let handle = id(self.ask(&format!("/{session}"), Some(attach))?)?;
        Ok(Handle { session, handle })
    }

    fn message(&self, at: &Handle, body: &Value, jsep: Option<Value>) -> Result<()> {
        let mut message = json!({"janus": "message", "body": body});
        if let (Some(jsep), Some(fields)) = (jsep, message.as_object_mut()) {
            fields.insert("jsep".to_owned(), jsep);
        }
        self.ask(&format!("/{}/{}", at.session, at.handle), Some(message)).map(drop)
    }

    /// The next event of the room's plugin.
    fn event(&self, at: &Handle) -> Result<Value> {
        for _ in 0..20 {
            let event = self.ask(&format!("/{}?maxev=1", at.session), None)?;
            if event["janus"] == "event" {
                if let Some(why) = event["plugindata"]["data"]["error"].as_str() {
                    bail!("Janus: {why}");
                }
                return Ok(event);
            }
        }
        bail!("no event of Janus")
    }

    fn ask(&self, path: &str, body: Option<Value>) -> Result<Value> {
        let mut stream = TcpStream::connect((self.address, PORT))?;
        stream.set_read_timeout(Some(WAIT))?;
        let body = body.map(|mut body| {
            self.count.set(self.count.get() + 1);
            if let Some(fields) = body.as_object_mut() {
                fields.insert("transaction".to_owned(), self.count.get().to_string().into());
            }
            body.to_string()
        });
        let (verb, body) = body.map_or(("GET", String::new()), |body| ("POST", body));
        write!(
            stream,
            "{verb} /janus{path} HTTP/1.0\r\nHost: janus\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (_, json) = answer.split_once("\r\n\r\n").context("no answer of Janus")?;
        let answer: Value = serde_json::from_str(json)?;
        if answer["janus"] == "error" {
            bail!("Janus: {}", answer["error"]["reason"]);
        }
        Ok(answer)
    }
}

impl Drop for Janus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sdp(event: &Value) -> Result<String> {
    event["jsep"]["sdp"].as_str().map(str::to_owned).context("no session description of Janus")
}
