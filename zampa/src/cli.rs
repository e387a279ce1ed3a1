//! The command line.

use std::path::PathBuf;

use anyhow::Result;
use base::Env;
use clap::{Args, Parser, Subcommand};

use crate::files::Files;
use crate::{carry_command, demonstration, figures_command, films, log_command, run, workshop};

/// Runs a paired school-support programme and carries its teaching over links that cannot be trusted.
///
/// A hub serves a region; a school's node runs on a cheap box in the school and lives for weeks without the hub.
/// Exit status: 0 well, 1 something was found, 2 wrong use or failure.
#[derive(Debug, Parser)]
#[command(name = "zampa", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A hub and two schools with a bad link between them, filled with an invented programme
    ///
    /// The hub is at http://hub.localhost:PORT, the schools at school-1.localhost:PORT+1 and
    /// school-2.localhost:PORT+2. The data is kept; a second start uses it.
    Demo {
        #[command(flatten)]
        at: At,
        /// The port of the hub; the schools take the two after it
        #[arg(long, default_value_t = 7400)]
        port: u16,
        /// What the invented rows grow from; the published totals come out for every seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Fill the directory and stop
        #[arg(long)]
        fill_only: bool,
    },
    /// Run a hub; at the first start it prints a one-use link to set it up
    Hub {
        #[command(flatten)]
        at: At,
        /// The port of the pages (TCP, https and plain HTTP) and of the link (UDP)
        #[arg(long, default_value_t = 7400)]
        port: u16,
    },
    /// Run a school's node that has joined a hub
    School {
        #[command(flatten)]
        at: At,
        /// The port of the pages (TCP, https and plain HTTP) and of neighbours (UDP)
        #[arg(long, default_value_t = 7400)]
        port: u16,
    },
    /// Join a hub with a one-use code from its page of nodes
    Join {
        #[command(flatten)]
        at: At,
        /// The code, as the hub shows it
        code: String,
        /// The name of this node; the school's name if not given
        #[arg(long)]
        title: Option<String>,
    },
    /// Print every figure with its rule, its rows' number and their hash
    Figures {
        #[command(flatten)]
        at: At,
        /// One JSON object a line: id, value, rule, version, scope, `as_of`, hash, rows
        #[arg(long)]
        json: bool,
        /// With --json: the rows' ids as well
        #[arg(long, requires = "json")]
        evidence: bool,
    },
    /// Say which programs of this machine Zampa can use, and what it costs to go without
    ///
    /// Exit status 1 if one is missing.
    Doctor,
    /// Make a rendition of a file, within limits: what a node runs as a process of its own
    #[command(hide = true)]
    Render {
        /// The recipe
        recipe: String,
        /// The file
        file: PathBuf,
        /// A directory for scratch files, and in it `out`
        work: PathBuf,
    },
    /// Make the film of a lesson, within limits: what a node runs as a process of its own
    #[command(hide = true)]
    Film {
        /// A directory with the film's script, in which it is made
        work: PathBuf,
    },
    /// Carry what two nodes lack on a stick, where the link between them is gone
    Carry {
        #[command(subcommand)]
        what: CarryCommand,
    },
    /// Look after a node's log
    Log {
        #[command(subcommand)]
        what: LogCommand,
    },
}

#[derive(Debug, Subcommand)]
enum CarryCommand {
    /// Write a bundle for a node: facts and files that it may hold and, as far as is known, lacks
    ///
    /// Only that node can open it. The node may run meanwhile.
    Out {
        #[command(flatten)]
        at: At,
        /// The node, or the school whose node it is: an id or a name. A school's node writes to its hub
        #[arg(long, value_name = "NODE-OR-SCHOOL")]
        to: Option<String>,
        /// How much the files may weigh together; those wanted most go first. As it is, the bundle fits on any stick
        #[arg(long, value_name = "SIZE", default_value = "3GB", value_parser = carry_command::bytes)]
        blobs: u64,
        /// The bundle, or a directory for it
        #[arg(value_name = "FILE-OR-DIR")]
        place: PathBuf,
    },
    /// Take in a bundle that another node wrote for this one; exit status 1 if something of it was left
    ///
    /// Each fact and file is checked as if it came over the link. A node that runs takes bundles on its page of nodes.
    In {
        #[command(flatten)]
        at: At,
        /// The bundle
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Check every entry's hash, every chain and every signature; exit status 1 if something is found
    Verify(LogArgs),
    /// Say what the log holds
    Stats(LogArgs),
    /// Drop the tables that follow from the log and build them anew
    Rebuild(LogArgs),
}

#[derive(Debug, Args)]
struct LogArgs {
    #[command(flatten)]
    at: At,
    /// JSON, one object a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct At {
    /// The directory of the node, or of a demonstration (then its hub)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Does what the command line says. `false`: something was found.
pub fn run() -> Result<bool> {
    let env = Env::system();
    match Cli::parse().command {
        Command::Demo { at, port, seed, fill_only } => {
            demonstration::run(&at.data, port, seed, fill_only, &env)?;
        }
        Command::Hub { at, port } => run::hub(&Files(at.data), port, &env)?,
        Command::School { at, port } => run::school(&Files(at.data), port, &env)?,
        Command::Join { at, code, title } => run::join(&Files(at.data), &code, title.as_deref(), &env)?,
        Command::Figures { at, json, evidence } => {
            figures_command::run(&Files::find(&at.data)?, &env, json, evidence)?;
        }
        Command::Doctor => return workshop::doctor(),
        Command::Film { work } => films::film(&work)?,
        Command::Render { recipe, file, work } => workshop::render(&recipe, &file, &work)?,
        Command::Carry { what } => match what {
            CarryCommand::Out { at, to, blobs, place } => {
                carry_command::out(&Files::find(&at.data)?, &env, to.as_deref(), blobs, &place)?;
            }
            CarryCommand::In { at, file } => return carry_command::take(&Files::find(&at.data)?, &env, &file),
        },
        Command::Log { what } => match what {
            LogCommand::Verify(a) => return log_command::verify(&Files::find(&a.at.data)?, &env, a.json),
            LogCommand::Stats(a) => log_command::stats(&Files::find(&a.at.data)?, &env, a.json)?,
            LogCommand::Rebuild(a) => log_command::rebuild(&Files::find(&a.at.data)?, &env, a.json)?,
        },
    }
    Ok(true)
}
