//! The Rust translation of packages/ipc's client, written from the document alone: `packages_ipc SOCKET TEXT`.
//!
//! It starts a task, prints its events, a line each, and ends with the task.

use haft_document_clients::{LineClient, Result};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use std::env;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Origin {
    Client,
    Server,
}

#[derive(Debug, Deserialize)]
struct Ack {
    client_id: String,
    pid: u32,
    ppid: u32,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum ServerMessage {
    Ack {
        origin: Origin,
        client_id: String,
        data: Ack,
    },
    TaskEvent {
        origin: Origin,
        data: TaskEvent,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum TaskEvent {
    TaskStarted { task_id: String, timestamp: u64 },
    Message { task_id: String, message: Value },
    TaskCompleted { task_id: String, timestamp: u64 },
    TaskAborted { task_id: String, timestamp: u64 },
}

#[derive(Serialize)]
#[serde(tag = "commandName", content = "data")]
enum TaskCommand {
    StartNewTask { configuration: Value, text: String },
}

#[derive(Serialize)]
struct ClientMessage {
    r#type: &'static str,
    origin: Origin,
    client_id: String,
    data: TaskCommand,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [socket, text] = args.as_slice() else {
        return Err("packages_ipc SOCKET TEXT".into());
    };
    let mut client = LineClient::connect(socket).await?;
    let ServerMessage::Ack {
        origin,
        client_id,
        data,
    } = client.receive().await?
    else {
        return Err("the server did not begin with Ack".into());
    };
    println!(
        "Ack {}",
        origin == Origin::Server && client_id == data.client_id && data.pid > 0 && data.ppid > 0
    );
    let command = TaskCommand::StartNewTask {
        configuration: json!({}),
        text: text.clone(),
    };
    let message = ClientMessage {
        r#type: "TaskCommand",
        origin: Origin::Client,
        client_id,
        data: command,
    };
    client.send(&message).await?;
    let mut own = String::new();
    loop {
        let ServerMessage::TaskEvent { origin, data } = client.receive().await? else {
            return Err("the server sent a second Ack".into());
        };
        assert_eq!(origin, Origin::Server);
        match data {
            TaskEvent::TaskStarted { task_id, timestamp } => {
                own = task_id;
                println!("TaskStarted {}", timestamp > 0);
            }
            TaskEvent::Message { task_id, message } if task_id == own => {
                println!("Message {}", message["text"].as_str().unwrap_or("?"));
            }
            TaskEvent::TaskCompleted { task_id, timestamp } if task_id == own => {
                println!("TaskCompleted {}", timestamp > 0);
                return Ok(());
            }
            TaskEvent::TaskAborted { task_id, timestamp } if task_id == own => {
                println!("TaskAborted {}", timestamp > 0);
                return Ok(());
            }
            other => return Err(format!("not of this task: {other:?}").into()),
        }
    }
}
