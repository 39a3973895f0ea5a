//! What a program does with ipckit's own SocketClient, at its default path. Each answer is a line of JSON; an error that the
//! library gives is `{"err": text}`.

use ipckit::{Message, SocketClient};
use serde_json::{json, Value};
use std::time::Duration;

fn told(answer: ipckit::Result<Value>) {
    match answer {
        Ok(value) => println!("{}", json!({ "ok": value })),
        Err(error) => println!("{}", json!({ "err": error.to_string() })),
    }
}

fn received(client: &mut SocketClient) -> ipckit::Result<Value> {
    let message = client.recv()?;
    Ok(json!({ "msg_type": message.msg_type, "payload": message.payload }))
}

fn main() -> ipckit::Result<()> {
    let mut client = SocketClient::connect_default_timeout(Duration::from_secs(5))?;
    told(client.request("ping", json!({})));
    told(client.request("no.such", Value::Null));

    client.send(&Message::ping())?;
    told(received(&mut client));

    // None of these is answered: the next answer is that of the next request.
    client.send(&Message::text("häft"))?;
    client.send(&Message::json(json!([1, { "any": "JSON" }])))?;
    client.send(&Message::binary(vec![0, 10, 255]))?;
    client.send(&Message::pong())?;
    client.send(&Message::response(json!(1)))?;
    client.send(&Message::error(1, "unasked"))?;
    told(client.request("client.list", json!({})));

    // More than one request in flight: the order tells which answer is whose.
    for method in ["daemon.ping", "no.such", "daemon.ping"] {
        client.send(&Message::request(method, json!({})))?;
    }
    for _ in 0..3 {
        told(received(&mut client));
    }

    // More than the daemon's own limit for a message, and less than ipckit's.
    client.send(&Message::text(&"x".repeat(2 * 1024 * 1024)))?;
    told(received(&mut client));
    told(client.request("ping", json!({})));

    // A word and gone.
    let mut helper = SocketClient::connect_default()?;
    helper.send(&Message::text("bye"))
}
