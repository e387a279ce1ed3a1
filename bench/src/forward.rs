//! What it costs to forward a packet to a browser: the booths and Janus, with the same bots, each in a network namespace
//! of its own behind a virtual cable.
#![expect(clippy::indexing_slicing, reason = "a JSON value has null where there is nothing")]

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base::{Clock, Env, SystemClock};
use link::Link;
use live::{Booths, Live, Saved, SeatId, Way};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::bots::{Bot, Counts, Does};
use crate::janus::Janus;
use crate::process::cpu_seconds;
use crate::sim::{Trusting, class, person};
use crate::world::{Node, key, quick};
use crate::{tell, tell_beside};

/// Browsers that listen, or look.
const LISTENERS: usize = 30;
const SECONDS: u64 = 15;
/// Browsers that come at once.
const JOINS: u64 = 300;
const SPACE: &str = "zampa-bench";
const HERE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// A namespace with a cable to it; it goes when this is dropped.
struct Space;

impl Space {
    fn new() -> Result<Self> {
        let ip = |line: &str| -> Result<()> {
            let done = Command::new("ip").args(line.split(' ')).stderr(Stdio::null()).status()?;
            ensure!(done.success(), "ip {line}");
            Ok(())
        };
        let _ = ip(&format!("netns del {SPACE}"));
        ip(&format!("netns add {SPACE}"))?;
        let space = Self;
        ip("link add zampa-b0 type veth peer name zampa-b1")?;
        ip(&format!("link set zampa-b1 netns {SPACE}"))?;
        ip(&format!("addr add {HERE}/24 dev zampa-b0"))?;
        ip("link set zampa-b0 up")?;
        ip(&format!("-n {SPACE} addr add {THERE}/24 dev zampa-b1"))?;
        ip(&format!("-n {SPACE} link set zampa-b1 up"))?;
        ip(&format!("-n {SPACE} link set lo up"))?;
        Ok(space)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", SPACE]).status();
        let _ = Command::new("ip").args(["link", "del", "zampa-b0"]).stderr(Stdio::null()).status();
    }
}

/// A command in the namespace. `exec` leaves no shell between, so that its process is the one that is measured.
pub fn within(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", SPACE, program]).args(arguments);
    command
}

pub fn run() -> Result<()> {
    let Ok(_space) = Space::new() else {
        eprintln!("forwarding is not measured: it needs a network namespace, for which one must be root");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let joined = runtime.block_on(joins()).context("joins")?;
    tell("300 browsers that come at once, until all are in", joined, "s", "<= 10", joined <= 10.0, None);
    for (what, does, goal) in [("voice", Does::LISTENS, 2.0), ("voice and video of 1,100 bytes", Does::LOOKS, 2.0)] {
        let ours = runtime.block_on(booths(does)).context("the booths")?;
        let theirs = match runtime.block_on(Janus::start(THERE)) {
            Ok(janus) => Some(runtime.block_on(beside(&janus, does)).context("Janus")?),
            Err(why) => {
                eprintln!("Janus is not measured: {why}");
                None
            }
        };
        let name = format!("CPU to forward a packet to a browser, {what}");
        match theirs {
            Some(theirs) => tell_beside(
                &name,
                ours,
                "µs",
                "<= half of Janus",
                ours * goal <= theirs,
                ("Janus 1.1.2", Some(&format!("{theirs:.1}"))),
            ),
            None => tell(&name, ours, "µs", "-", true, None),
        }
    }
    Ok(())
}

/// Runs bots for a while, and tells how much CPU the process took for a packet that came to one of them.
async fn measure(pid: u32, does: Does, bots: Vec<Bot>, speaker: Bot) -> Result<f64> {
    let (counts, spoken) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let mut running = JoinSet::new();
    running.spawn(speaker.run(spoken));
    for bot in bots {
        running.spawn(bot.run(counts.clone()));
    }
    let came = || counts.heard.load(Relaxed) + counts.seen.load(Relaxed);
    for _ in 0..600 {
        let all = counts.connected.load(Relaxed) == LISTENERS as u64;
        if all && came() > 5000 && (!does.video || counts.seen.load(Relaxed) > 2000) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ensure!(came() > 5000, "the bots do not hear: {} connected, {} packets", counts.connected.load(Relaxed), came());
    let (cpu, packets) = (cpu_seconds(pid)?, came());
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let (cpu, packets) = (cpu_seconds(pid)? - cpu, came() - packets);
    let voice = LISTENERS as u64 * SECONDS * 50;
    let expected = if does.video { voice * 3 } else { voice };
    ensure!(packets * 10 >= expected * 9, "{packets} packets came of {expected}");
    Ok(cpu * 1e6 / packets as f64)
}

fn speaker_of(does: Does) -> Does {
    Does { sends: true, ..does }
}

/// The process that serves browsers, and the way to ask it.
struct Served {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Served {
    fn ask(&mut self, question: &Value) -> Result<Value> {
        writeln!(self.ask, "{question}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    fn start() -> Result<Self> {
        let me = std::env::current_exe()?;
        let mut child = within(me.to_str().context("a path that is text")?, &["--booths"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (ask, answers) = (child.stdin.take().context("no way in")?, child.stdout.take().context("no way out")?);
        Ok(Self { child, ask, answers: BufReader::new(answers) })
    }

    /// Seats a bot that has made its offer.
    fn seat(&mut self, how: &str, bot: &mut Bot, offer: &str) -> Result<Value> {
        let seated = self.ask(&json!({"how": how, "offer": offer}))?;
        bot.accept(seated["answer"].as_str().context("no answer")?);
        Ok(seated)
    }
}

async fn booths(does: Does) -> Result<f64> {
    let mut served = Served::start()?;
    let here = IpAddr::from(HERE);
    let (mut speaker, offer) = Bot::offers(here, speaker_of(does)).await;
    let seated = served.seat("speak", &mut speaker, &offer)?;
    served.ask(&json!({"how": "floor", "id": seated["id"]}))?;
    let mut bots = Vec::new();
    for _ in 0..LISTENERS {
        let (mut bot, offer) = Bot::offers(here, does).await;
        served.seat("listen", &mut bot, &offer)?;
        bots.push(bot);
    }
    measure(served.child.id(), does, bots, speaker).await
}

/// How long it takes until all who come at once are in, from the first offer that is handed in to the last connection; both
/// ends of each on these cores.
async fn joins() -> Result<f64> {
    let mut served = Served::start()?;
    let mut offered = Vec::new();
    for _ in 0..JOINS {
        offered.push(Bot::offers(IpAddr::from(HERE), Does::LISTENS).await);
    }
    let (clock, counts, mut running) = (SystemClock::default(), Arc::new(Counts::default()), JoinSet::new());
    let began = clock.steady_ms();
    for (mut bot, offer) in offered {
        served.seat("listen", &mut bot, &offer)?;
        running.spawn(bot.run(counts.clone()));
    }
    while counts.connected.load(Relaxed) < JOINS {
        let late = clock.steady_ms() - began > 60_000;
        ensure!(!late, "{} of {JOINS} came in within a minute", counts.connected.load(Relaxed));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok((clock.steady_ms() - began) as f64 / 1000.0)
}

async fn beside(janus: &Janus, does: Does) -> Result<f64> {
    let here = IpAddr::from(HERE);
    let (mut speaker, offer) = Bot::offers(here, speaker_of(does)).await;
    speaker.accept(&janus.publish(&offer)?);
    // Janus lets in who subscribes only when the one who sends is there.
    let spoken = Arc::new(Counts::default());
    let mut bots = Vec::new();
    let mut running = JoinSet::new();
    running.spawn(speaker.run(spoken.clone()));
    for _ in 0..200 {
        if spoken.connected.load(Relaxed) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..LISTENERS {
        let subscription = janus.subscribe()?;
        let (bot, answer) = Bot::answers(here, does, &subscription.offer).await;
        janus.begin(&subscription, &answer)?;
        bots.push(bot);
    }
    // The one who speaks runs already; a second that is silent takes its place in the measure.
    let (silent, _) = Bot::offers(here, Does::LISTENS).await;
    measure(janus.pid(), does, bots, silent).await
}

/// Serves browsers in a process of its own, asked by lines of JSON.
pub fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _inside = runtime.enter();
    let dir = tempfile::tempdir()?;
    let link = Link::new(Node::hub(dir.path(), &[]), quick());
    let booths = Arc::new(Booths::default());
    let door = Arc::new(Trusting(key(0).id()));
    let live = Live::start(&link, key(0).id(), Env::system(), door, vec![booths.clone()]).context("no datagrams")?;
    let socket = UdpSocket::bind((THERE, 0))?;
    let address = socket.local_addr()?;
    booths.start(socket, vec![address], &live)?;
    live.open(class(1), Way::Here, 0, Saved::default());
    for line in std::io::stdin().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let offer = question["offer"].as_str().unwrap_or_default();
        let seated = match question["how"].as_str() {
            Some("speak") => booths.speak(class(1), person(1), offer)?,
            Some("listen") => booths.listen(class(1), 0, None, offer)?,
            Some("floor") => {
                booths.floor(SeatId(question["id"].as_u64().context("no seat")?), Some(0));
                println!("{{}}");
                continue;
            }
            _ => bail!("what is asked?"),
        };
        println!("{}", json!({"id": seated.id.0, "answer": seated.answer}));
    }
    Ok(())
}
