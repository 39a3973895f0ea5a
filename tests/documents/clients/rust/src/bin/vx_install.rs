//! A parent of an install, written from RFC 0034 alone: `vx_install SOCKET TOOL VERSION HAFT...`.
//!
//! It listens, starts `HAFT... install TOOL@VERSION --ipc-channel SOCKET`, hands over the config and prints
//! each new kind of progress.

use haft_document_clients::{LineClient, Result};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, env, path::PathBuf};
use tokio::{net::UnixListener, process::Command};

#[derive(Serialize)]
struct InstallConfig {
    tool_name: String,
    version: String,
    options: HashMap<String, serde_json::Value>,
    download_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
enum InstallProgress {
    Started {
        tool: String,
        version: String,
    },
    Downloading {
        tool: String,
        percent: f32,
        bytes_downloaded: u64,
        total_bytes: u64,
    },
    Extracting {
        tool: String,
        percent: f32,
    },
    PostInstall {
        tool: String,
        message: String,
    },
    Completed {
        tool: String,
        version: String,
        install_path: PathBuf,
    },
    Failed {
        tool: String,
        error: String,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [socket, tool, version, program, rest @ ..] = args.as_slice() else {
        return Err("vx_install SOCKET TOOL VERSION HAFT...".into());
    };
    let listener = UnixListener::bind(socket)?;
    let mut child = Command::new(program)
        .args(rest)
        .args(["install", &format!("{tool}@{version}"), "--ipc-channel", socket])
        .spawn()?;
    let (stream, _) = listener.accept().await?;
    let mut client = LineClient::over(stream);
    client
        .send(&InstallConfig {
            tool_name: tool.clone(),
            version: version.clone(),
            options: HashMap::new(),
            download_url: None,
        })
        .await?;
    let mut last = String::new();
    loop {
        let (line, done) = match client.receive::<InstallProgress>().await? {
            InstallProgress::Started { tool, version } => (format!("Started {tool} {version}"), false),
            InstallProgress::Downloading {
                tool,
                percent,
                bytes_downloaded,
                total_bytes,
            } => {
                let sane = percent <= 100.0 && bytes_downloaded <= total_bytes;
                (format!("Downloading {tool} {sane}"), false)
            }
            InstallProgress::Extracting { tool, percent } => {
                (format!("Extracting {tool} {}", percent <= 100.0), false)
            }
            InstallProgress::PostInstall { tool, message } => {
                (format!("PostInstall {tool} {message}"), false)
            }
            InstallProgress::Completed {
                tool,
                version,
                install_path,
            } => (
                format!("Completed {tool} {version} {}", install_path.is_dir()),
                true,
            ),
            InstallProgress::Failed { tool, error } => {
                (format!("Failed {tool} {}", !error.is_empty()), true)
            }
        };
        if line != last {
            println!("{line}");
        }
        last = line;
        if done {
            break;
        }
    }
    println!("exit {}", child.wait().await?.success());
    Ok(())
}
