//! A node's own authority, and which names and addresses it may vouch for.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use base::{Env, base32};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, GeneralSubtree, IsCa, KeyPair,
    KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::OriginError;

/// A day, in milliseconds.
pub(crate) const DAY_MS: u64 = 24 * 3_600_000;
/// How long an authority lasts: devices are told once to trust it.
const LASTS_MS: u64 = 3650 * DAY_MS;
/// Certificates and the authority count from so long before they were made: clocks of a school's devices differ.
pub(crate) const BEFORE_MS: u64 = 30 * DAY_MS;
/// With less than this left, an authority is made anew at the next start.
const LEFT_MS: u64 = 180 * DAY_MS;
/// No node was made before (1 November 2026): a clock that says otherwise has lost its battery.
const EPOCH_MS: u64 = 1_793_491_200_000;

/// Names of local networks, each with all that are under it. A host's bare name is not among them: a device would take
/// it for all names under it, and there are names on the internet under `school`.
const NAMES: [&str; 5] = ["local", "localhost", "lan", "home.arpa", "internal"];
/// Addresses of local networks: private ones, those of a carrier's or a tunnel's own net, those without a router, and the
/// machine's own.
const NETS_4: [(Ipv4Addr, u8); 6] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
];
const NETS_6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::LOCALHOST, 128),
];

/// A day as certificates have it; the type is of a crate that is used for nothing else here, and so has no name.
macro_rules! day {
    ($ms:expr) => {{
        let ms = i64::try_from($ms).unwrap_or(i64::MAX);
        let date =
            jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::from_millisecond(ms).unwrap_or_default()).date();
        let part = |n: i8| u8::try_from(n).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    }};
}

/// The time by which certificates are made.
pub(crate) fn now_ms(env: &Env) -> u64 {
    env.clock.now_ms().max(EPOCH_MS)
}

pub(crate) fn permits_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => NETS_4.iter().any(|(net, len)| (a.to_bits() ^ net.to_bits()) >> (32 - len) == 0),
        IpAddr::V6(a) => {
            NETS_6.iter().any(|(net, len)| (a.to_bits() ^ net.to_bits()).checked_shr(128 - u32::from(*len)) == Some(0))
        }
    }
}

pub(crate) fn permits_name(name: &str) -> bool {
    NAMES.iter().any(|n| name.strip_suffix(n).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Whether an authority can vouch for a host as browsers ask for it, with or without a port.
pub fn covers(host: &str) -> bool {
    let bare = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    match bare.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(address) => permits_address(address),
        Err(_) => permits_name(&bare.to_ascii_lowercase()),
    }
}

/// The scheme under which any device opens a page that was asked for here: what needs no https is told to pupils without,
/// unless its certificate is one that every device trusts.
pub fn scheme(secure: bool, host: &str) -> &'static str {
    if secure && !covers(host) { "https" } else { "http" }
}

/// The addresses at which browsers find this machine: that by which it reaches others, and the one for a browser on it.
pub fn own_addresses() -> Vec<IpAddr> {
    let reached = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        // Nothing is sent: the system only says from which address it would be.
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    reached().into_iter().chain([IpAddr::V4(Ipv4Addr::LOCALHOST)]).collect()
}

/// A node's own authority.
pub struct Authority {
    name: String,
    made_ms: u64,
    key: KeyPair,
    certificate: Vec<u8>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.name)
    }
}

impl Authority {
    /// Makes an authority; devices list it under the name.
    ///
    /// # Errors
    /// [`OriginError::Certificate`].
    pub fn make(name: &str, env: &Env) -> Result<Self, OriginError> {
        let made_ms = now_ms(env);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = about(name);
        params.serial_number = Some(serial(env));
        lasts(&mut params, made_ms - BEFORE_MS, made_ms + LASTS_MS);
        let names = NAMES.iter().map(|n| GeneralSubtree::DnsName((*n).to_owned()));
        let nets = NETS_4.iter().map(|(net, len)| (IpAddr::V4(*net), *len));
        let nets = nets.chain(NETS_6.iter().map(|(net, len)| (IpAddr::V6(*net), *len)));
        let nets = nets.map(|(net, len)| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(net, len)));
        params.name_constraints =
            Some(NameConstraints { permitted_subtrees: names.chain(nets).collect(), excluded_subtrees: Vec::new() });
        let certificate = params.self_signed(&key)?.der().to_vec();
        Ok(Self { name: name.to_owned(), made_ms, key, certificate })
    }

    /// Reads what was kept; `None` if it is so old that another should be made.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn read(text: &str, env: &Env) -> Result<Option<Self>, OriginError> {
        let values: BTreeMap<&str, &str> =
            text.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.trim(), v.trim())).collect();
        let value = |name: &str| values.get(name).copied().ok_or(OriginError::Kept);
        let bytes = |name: &str| base32::decode(value(name)?).ok_or(OriginError::Kept);
        let made_ms: u64 = value("made")?.parse().map_err(|_| OriginError::Kept)?;
        let key = PrivatePkcs8KeyDer::from(bytes("key")?);
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ECDSA_P256_SHA256)?;
        let authority = Self { name: value("name")?.to_owned(), made_ms, key, certificate: bytes("certificate")? };
        Ok((authority.until_ms() > now_ms(env) + LEFT_MS).then_some(authority))
    }

    /// What is to be kept, and secret.
    pub fn write(&self) -> String {
        format!(
            "# The authority by which devices of the school trust this node. The key must stay secret.\n\
             name = {}\nmade = {}\nkey = {}\ncertificate = {}\n",
            self.name,
            self.made_ms,
            base32::encode(self.key.serialized_der()),
            base32::encode(&self.certificate)
        )
    }

    /// What devices list it under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its certificate, which devices are given: X.509 in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of its certificate, as devices show it.
    pub fn fingerprint(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate);
        let pairs: Vec<String> = digest.as_ref().iter().map(|b| format!("{b:02X}")).collect();
        pairs.join(":")
    }

    /// Until when devices trust it, milliseconds since 1970.
    pub fn until_ms(&self) -> u64 {
        self.made_ms + LASTS_MS
    }

    pub(crate) fn key(&self) -> &KeyPair {
        &self.key
    }

    pub(crate) fn params(&self) -> CertificateParams {
        about(&self.name)
    }
}

/// What a certificate of the authority says whenever it is written: issuing needs no more of it.
fn about(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(crate) fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// Browsers refuse two certificates of one authority with one number.
pub(crate) fn serial(env: &Env) -> SerialNumber {
    let mut bytes = env.bytes::<16>();
    if let Some(first) = bytes.first_mut() {
        // Positive, and not shorter than it is.
        *first = *first & 0x7f | 0x40;
    }
    SerialNumber::from_slice(&bytes)
}

/// From when until when a certificate counts, by days.
pub(crate) fn lasts(params: &mut CertificateParams, from_ms: u64, until_ms: u64) {
    params.not_before = day!(from_ms);
    params.not_after = day!(until_ms);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_covers_local_networks_and_nothing_else() {
        for host in [
            "box.local",
            "stage.box.local:7400",
            "localhost",
            "hub.localhost:7400",
            "BOX.LAN",
            "10.0.0.7:7400",
            "192.168.3.4",
            "172.31.255.1",
            "127.0.0.1",
            "100.64.0.1",
            "[fe80::1]:7400",
            "[fd00::2]",
            "[::1]:7400",
        ] {
            assert!(covers(host), "{host}");
        }
        for host in [
            "school",
            "box.school",
            "notlocal",
            "example.org",
            "local.example",
            "8.8.8.8",
            "172.32.0.1:80",
            "193.168.0.1",
            "[2001:db8::1]:7400",
            "",
        ] {
            assert!(!covers(host), "{host}");
        }
    }

    #[test]
    fn pupils_are_told_what_every_device_opens() {
        assert_eq!(scheme(true, "box.local:7400"), "http", "few devices trust the node's own authority");
        assert_eq!(scheme(true, "zampa.example.org"), "https");
        assert_eq!(scheme(false, "zampa.example.org"), "http");
    }

    #[test]
    fn what_was_kept_is_the_same_authority() {
        let env = Env::system();
        let made = Authority::make("Zampa abcd", &env).unwrap();
        let kept = Authority::read(&made.write(), &env).unwrap().unwrap();
        assert_eq!((kept.name(), kept.certificate()), (made.name(), made.certificate()));
        assert_eq!(kept.fingerprint(), made.fingerprint());
        assert_eq!(kept.fingerprint().len(), 95);
        let old = made.write().replace(&format!("made = {}", made.made_ms), "made = 1000000000000");
        assert!(Authority::read(&old, &env).unwrap().is_none(), "made so long ago that it is over");
        for bad in ["", "name = x", &made.write().replace("key = ", "key = aa")] {
            assert!(Authority::read(bad, &env).is_err(), "{bad}");
        }
    }
}
