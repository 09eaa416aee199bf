//! The way to the API that the environment names.
//!
//! Owns the reading of the file of certificates. Must not know what is sent.

use std::fs::{self, File};
use std::io::{self, Read as _};

use crate::cli::error::CommandError;
use crate::config::Settings;
use crate::model::network::NetworkVariables;
use crate::tallyfy::{BaseUrl, Network, NetworkError};

/// The bundles of all systems have less than a megabyte.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Returns the way to `base_url`. May block: the certificates are read from a file.
///
/// # Errors
/// [`NetworkError`] when a variable that counts cannot be used.
pub(super) fn of(settings: &Settings, base_url: &BaseUrl) -> Result<Network, NetworkError> {
    if settings.demo {
        return Ok(Network::default());
    }
    let variables = &settings.network;
    let network = Network::of(variables, base_url)?;
    // The way to a proxy may be encrypted where that to the API is not.
    let is_encrypted = base_url.is_secure() || network.proxy().is_some();
    match variables.first(&[NetworkVariables::CERTIFICATES]).filter(|_| is_encrypted) {
        None => Ok(network),
        Some((_, path)) => {
            let has_folder = variables.first(&[NetworkVariables::CERTIFICATE_FOLDER]).is_some();
            network.trusting(path, read(path), has_folder)
        }
    }
}

impl From<NetworkError> for CommandError {
    fn from(why: NetworkError) -> Self {
        Self::usage(why.to_string(), why.hint())
    }
}

/// Reads a file, or says why that is not possible.
fn read(path: &str) -> Result<Vec<u8>, String> {
    let words = |why: io::Error| match why.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        kind => kind.to_string(),
    };
    // Asked before it is opened, which would wait for the other end of a pipe.
    let found = fs::metadata(path).map_err(words)?;
    if !found.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)).map_err(words)?;
    Ok(bytes)
}
