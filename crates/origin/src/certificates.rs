//! Certificates, made as they are asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base::Env;
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::OriginError;
use crate::authority::{Authority, BEFORE_MS, DAY_MS, called, lasts, now_ms, permits_address, permits_name, serial};

/// How long a certificate lasts: no browser takes one of years.
const LASTS_MS: u64 = 90 * DAY_MS;
/// With less left, it is made anew.
const LEFT_MS: u64 = 30 * DAY_MS;
/// Names and addresses that are remembered together.
const REMEMBERED: usize = 64;

/// What a connection asked for: the address at which it arrived, and a name.
type Asked = (IpAddr, Option<String>);

/// Makes certificates for the names and addresses at which this node is asked. Their key lives as long as the process:
/// devices trust the authority, and keep nothing of a certificate.
pub struct Certificates {
    authority: Arc<Authority>,
    key: KeyPair,
    env: Env,
    made: Mutex<BTreeMap<Asked, (u64, Arc<ServerConfig>)>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({:?})", self.authority)
    }
}

impl Certificates {
    /// Certificates of an authority.
    ///
    /// # Errors
    /// [`OriginError::Certificate`].
    pub fn new(authority: Arc<Authority>, env: Env) -> Result<Self, OriginError> {
        Ok(Self { authority, key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?, env, made: Mutex::default() })
    }

    /// How to answer a connection that arrived at this address and asked for this name.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn answer(&self, at: IpAddr, name: Option<&str>) -> Result<Arc<ServerConfig>, OriginError> {
        let now = now_ms(&self.env);
        let asked: Asked = (at.to_canonical(), name.map(str::to_ascii_lowercase).filter(|n| permits_name(n)));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = made.get(&asked).filter(|(until, _)| *until > now + LEFT_MS) {
            return Ok(Arc::clone(config));
        }
        // Whoever asks for many names makes the node forget them, and not run out of memory.
        if made.len() >= REMEMBERED {
            made.clear();
        }
        let until = (now + LASTS_MS).min(self.authority.until_ms());
        let config = Arc::new(self.config(self.make(&asked, now, until)?)?);
        made.insert(asked, (until, Arc::clone(&config)));
        Ok(config)
    }

    fn make(&self, (at, name): &Asked, now: u64, until: u64) -> Result<CertificateDer<'static>, OriginError> {
        let mut params = CertificateParams::default();
        params.serial_number = Some(serial(&self.env));
        params.distinguished_name = called(name.as_deref().unwrap_or(&at.to_string()));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        lasts(&mut params, now - BEFORE_MS, until);
        // What the authority may not vouch for would make the whole certificate refused.
        if permits_address(*at) {
            params.subject_alt_names.push(SanType::IpAddress(*at));
        }
        for name in name.iter().map(String::as_str).chain(["localhost"]) {
            params.subject_alt_names.push(SanType::DnsName(name.try_into()?));
        }
        let issuer = Issuer::new(self.authority.params(), self.authority.key());
        Ok(params.signed_by(&self.key, &issuer)?.der().clone())
    }

    fn config(&self, certificate: CertificateDer<'static>) -> Result<ServerConfig, OriginError> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, Error, RootCertStore};

    use super::*;

    /// November 2026.
    const NOW: u64 = 1_795_000_000_000;

    struct Hand(AtomicU64);

    impl base::Clock for Hand {
        fn now_ms(&self) -> u64 {
            self.0.load(Relaxed)
        }

        fn steady_ms(&self) -> u64 {
            self.0.load(Relaxed)
        }
    }

    fn certificates() -> (Certificates, Arc<Hand>) {
        let clock = Arc::new(Hand(AtomicU64::new(NOW)));
        let env = Env { clock: clock.clone(), ..Env::system() };
        let authority = Arc::new(Authority::make("Zampa test", &env).unwrap());
        (Certificates::new(authority, env).unwrap(), clock)
    }

    /// What a device that trusts the authority says of a certificate that a host shows.
    fn verified(of: &Certificates, certificate: &CertificateDer<'_>, host: &str, at_ms: u64) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(of.authority.certificate().to_vec().into()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_millis(at_ms));
        verifier.verify_server_cert(certificate, &[], &ServerName::try_from(host).unwrap(), &[], now).map(|_| ())
    }

    #[test]
    fn the_authority_is_bounded_in_itself() {
        let (of, _) = certificates();
        let made = |at: &str, name: Option<&str>| {
            of.make(&(at.parse().unwrap(), name.map(str::to_owned)), NOW, NOW + LASTS_MS).unwrap()
        };
        let own = made("192.168.1.20", Some("box.local"));
        for host in ["box.local", "192.168.1.20", "localhost"] {
            assert!(verified(&of, &own, host, NOW).is_ok(), "{host}");
            assert!(verified(&of, &own, host, NOW - 20 * DAY_MS).is_ok(), "{host} on a device whose clock is behind");
        }
        assert!(verified(&of, &own, "other.local", NOW).is_err());
        assert!(verified(&of, &own, "box.local", NOW + LASTS_MS + DAY_MS).is_err(), "it is over");
        // Whoever has the key can write what they like; no device takes it.
        let elsewhere = made("192.168.1.20", Some("bank.example"));
        let refused = verified(&of, &elsewhere, "bank.example", NOW).unwrap_err();
        assert!(matches!(&refused, Error::InvalidCertificate(CertificateError::Other(_))), "{refused:?}");
        assert!(format!("{refused:?}").contains("NameConstraint"), "{refused:?}");
    }

    #[test]
    fn certificates_are_made_anew_before_they_are_over() {
        let (of, clock) = certificates();
        let ask = |at: &str, name: Option<&str>| of.answer(at.parse().unwrap(), name).unwrap();
        let first = ask("10.0.0.7", Some("box.local"));
        assert!(Arc::ptr_eq(&first, &ask("::ffff:10.0.0.7", Some("BOX.local"))), "the same is not made twice");
        assert!(!Arc::ptr_eq(&first, &ask("10.0.0.8", Some("box.local"))), "another address, another certificate");
        clock.0.fetch_add(59 * DAY_MS, Relaxed);
        assert!(Arc::ptr_eq(&first, &ask("10.0.0.7", Some("box.local"))));
        clock.0.fetch_add(2 * DAY_MS, Relaxed);
        assert!(!Arc::ptr_eq(&first, &ask("10.0.0.7", Some("box.local"))));
        for n in 0..1000 {
            ask("10.0.0.7", Some(&format!("n{n}.local")));
        }
        assert!(of.made.lock().unwrap().len() <= REMEMBERED);
        // A clock without a battery says 1970; what is made then counts now.
        clock.0.store(0, Relaxed);
        ask("10.0.0.9", None);
    }
}
