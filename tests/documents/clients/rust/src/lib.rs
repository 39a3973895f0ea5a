//! JSON values as lines over a unix socket.

use serde::{de::DeserializeOwned, Serialize};
use std::{error::Error, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        unix::{OwnedReadHalf, OwnedWriteHalf},
        UnixStream,
    },
    time::timeout,
};

/// Far above what any answer takes.
const LIMIT: Duration = Duration::from_secs(60);

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub struct LineClient {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl LineClient {
    pub async fn connect(path: &str) -> Result<Self> {
        Ok(Self::over(UnixStream::connect(path).await?))
    }

    pub fn over(stream: UnixStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            lines: BufReader::new(reader).lines(),
            writer,
        }
    }

    pub async fn send<T: Serialize>(&mut self, value: &T) -> Result<()> {
        let mut line = serde_json::to_string(value)?;
        line.push('\n');
        Ok(self.writer.write_all(line.as_bytes()).await?)
    }

    /// The next value; an error when it is not what the document says.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<T> {
        let line = timeout(LIMIT, self.lines.next_line())
            .await??
            .ok_or("the server closed the connection")?;
        serde_json::from_str(&line).map_err(|error| format!("{error}: {line}").into())
    }
}
