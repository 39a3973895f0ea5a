//! A client of vx's daemon, written from RFC 0034 alone: `vx SOCKET RUNTIME VERSION [shutdown]`.
//!
//! It prints what it is answered, a line each, then events until the runtime is removed.

use haft_document_clients::{LineClient, Result};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, env, path::PathBuf};

#[derive(Serialize)]
enum Request {
    Resolve {
        runtime: String,
        version: Option<String>,
    },
    GetEnvironment {
        runtime: String,
        version: Option<String>,
    },
    ListVersions {
        runtime: String,
    },
    Subscribe {
        event_types: Vec<String>,
    },
    Ping,
    Shutdown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
enum Response {
    Resolved {
        executable: PathBuf,
        version: String,
        env: HashMap<String, String>,
    },
    Environment {
        env: HashMap<String, String>,
    },
    Versions {
        versions: Vec<String>,
    },
    Subscribed {
        subscription_id: String,
    },
    Pong {
        uptime_secs: u64,
        cached_runtimes: usize,
    },
    Error {
        message: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
enum Event {
    RuntimeInstalled { runtime: String, version: String },
    RuntimeRemoved { runtime: String, version: String },
    ConfigChanged { path: PathBuf },
}

async fn ask(client: &mut LineClient, request: Request) -> Result<Response> {
    client.send(&request).await?;
    client.receive().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [socket, runtime, version, rest @ ..] = args.as_slice() else {
        return Err("vx SOCKET RUNTIME VERSION [shutdown]".into());
    };
    let mut client = LineClient::connect(socket).await?;
    if rest.first().map(String::as_str) == Some("shutdown") {
        return client.send(&Request::Shutdown).await;
    }
    match ask(&mut client, Request::Ping).await? {
        Response::Pong {
            uptime_secs,
            cached_runtimes,
        } => println!("Pong {}", uptime_secs < 3600 && cached_runtimes < 1000),
        other => return Err(format!("{other:?}").into()),
    }
    let asked = Some(version.clone());
    let resolve = Request::Resolve {
        runtime: runtime.clone(),
        version: asked.clone(),
    };
    let Response::Resolved {
        executable,
        version: resolved,
        env,
    } = ask(&mut client, resolve).await?
    else {
        return Err("Resolve was not answered with Resolved".into());
    };
    println!("Resolved {resolved} {}", executable.is_file());
    let environment = Request::GetEnvironment {
        runtime: runtime.clone(),
        version: asked,
    };
    let Response::Environment { env: same } = ask(&mut client, environment).await? else {
        return Err("GetEnvironment was not answered with Environment".into());
    };
    println!("Environment {}", same == env && env.contains_key("PATH"));
    match ask(
        &mut client,
        Request::ListVersions {
            runtime: runtime.clone(),
        },
    )
    .await?
    {
        Response::Versions { versions } => println!("Versions {}", versions.join(" ")),
        other => return Err(format!("{other:?}").into()),
    }
    let unknown = Request::Resolve {
        runtime: "no-such-runtime".into(),
        version: None,
    };
    match ask(&mut client, unknown).await? {
        Response::Error { message } => println!("Error {}", !message.is_empty()),
        other => return Err(format!("{other:?}").into()),
    }
    let event_types = vec![
        "RuntimeInstalled".into(),
        "RuntimeRemoved".into(),
        "ConfigChanged".into(),
    ];
    match ask(&mut client, Request::Subscribe { event_types }).await? {
        Response::Subscribed { subscription_id } => {
            println!("Subscribed {}", !subscription_id.is_empty())
        }
        other => return Err(format!("{other:?}").into()),
    }
    loop {
        match client.receive::<Event>().await? {
            Event::RuntimeInstalled { runtime, version } => {
                println!("RuntimeInstalled {runtime} {version}")
            }
            Event::RuntimeRemoved { runtime, version } => {
                println!("RuntimeRemoved {runtime} {version}");
                return Ok(());
            }
            Event::ConfigChanged { path } => println!("ConfigChanged {}", path.is_absolute()),
        }
    }
}
