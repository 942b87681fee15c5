//! Certificates: an authority, and what it signs.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// Authority of certificates.
pub(super) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    /// Makes one. They all have the same name, so that none is told from another by it.
    pub(super) fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Authority of a siege");
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Authority {
            pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// Its certificate, in PEM.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// Certificate of a server on this machine.
    pub(super) fn server(&self) -> Result<Pair, Error> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names)?;
        self.signed(usual(params, ExtendedKeyUsagePurpose::ServerAuth))
    }

    /// Certificate of a client that expires at the beginning of a year.
    pub(super) fn client(&self, until: i32) -> Result<Pair, Error> {
        let mut params = client();
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        self.signed(params)
    }

    fn signed(&self, params: CertificateParams) -> Result<Pair, Error> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// Certificate of a client that no authority signed.
pub(super) fn self_signed() -> Result<Pair, Error> {
    let key = KeyPair::generate()?;
    let certificate = client().self_signed(&key)?;
    Ok(Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

fn client() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "siege");
    usual(params, ExtendedKeyUsagePurpose::ClientAuth)
}

fn usual(mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    params.extended_key_usages = vec![usage];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}
