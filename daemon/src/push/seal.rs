//! RFC 8291: a message that only the browser can read, whoever carries it. The pieces
//! are aws-lc's; here they are put together in the order that the RFC gives. Pure.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orchestra_protocol::push::PushKeys;

/// What the head of a message says: one record, of at most this.
const RECORD: u32 = 4096;
/// A message tells its length to who carries it, so lengths come in steps.
const STEP: usize = 256;

/// Why a message could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("keys.p256dh must be a P-256 point and keys.auth 16 bytes, in URL-safe base64")]
    Keys,
    #[error("the message is too long")]
    Long,
}

/// The browser's half, checked.
#[derive(Clone)]
pub struct Browser {
    point: Vec<u8>,
    auth: Vec<u8>,
}

impl Browser {
    /// Reads the keys that a browser gave.
    ///
    /// # Errors
    /// `Keys`.
    pub fn parse(keys: &PushKeys) -> Result<Self, SealError> {
        let decode = |text: &str| {
            let text = text.trim_end_matches('=');
            URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Keys)
        };
        let (point, auth) = (decode(&keys.p256dh)?, decode(&keys.auth)?);
        let browser = Self { point, auth };
        if browser.auth.len() != 16 || browser.point.len() != 65 {
            return Err(SealError::Keys);
        }
        // A point that is not on the curve is refused here and not at the first message.
        let probe = PrivateKey::generate(&ECDH_P256).map_err(|_| SealError::Keys)?;
        browser.secret(&probe)?;
        Ok(browser)
    }

    fn secret(&self, own: &PrivateKey) -> Result<Vec<u8>, SealError> {
        let point = UnparsedPublicKey::new(&ECDH_P256, &self.point);
        agree(own, point, SealError::Keys, |secret| Ok(secret.to_vec()))
    }
}

/// Encrypts under a key and salt of this message alone.
///
/// # Errors
/// When the text is too long for one record.
pub fn seal(text: &[u8], browser: &Browser) -> Result<Vec<u8>, SealError> {
    let own = PrivateKey::generate(&ECDH_P256).map_err(|_| SealError::Keys)?;
    let padded = (text.len() + 1).next_multiple_of(STEP);
    seal_with(text, padded, browser, &own, rand::random())
}

/// The same with everything given; `padded` counts the byte that ends the text.
fn seal_with(
    text: &[u8],
    padded: usize,
    browser: &Browser,
    own: &PrivateKey,
    salt: [u8; 16],
) -> Result<Vec<u8>, SealError> {
    if padded + AES_128_GCM.tag_len() > RECORD as usize {
        return Err(SealError::Long);
    }
    let public = own.compute_public_key().map_err(|_| SealError::Keys)?;
    let prk = Salt::new(HKDF_SHA256, &browser.auth).extract(&browser.secret(own)?);
    let info: [&[u8]; 3] = [b"WebPush: info\0", &browser.point, public.as_ref()];
    let ikm = expand::<32>(&prk, &info)?;
    let prk = Salt::new(HKDF_SHA256, &salt).extract(&ikm);
    let key = expand::<16>(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce = expand::<12>(&prk, &[b"Content-Encoding: nonce\0"])?;

    let mut record = Vec::with_capacity(padded + AES_128_GCM.tag_len());
    record.extend_from_slice(text);
    record.push(2);
    record.resize(padded, 0);
    let key = UnboundKey::new(&AES_128_GCM, &key).map_err(|_| SealError::Keys)?;
    LessSafeKey::new(key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut record,
        )
        .map_err(|_| SealError::Long)?;

    let mut message = Vec::with_capacity(86 + record.len());
    message.extend_from_slice(&salt);
    message.extend_from_slice(&RECORD.to_be_bytes());
    message.push(65);
    message.extend_from_slice(public.as_ref());
    message.extend_from_slice(&record);
    Ok(message)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], SealError> {
    let mut out = [0; N];
    let okm = prk.expand(info, Length(N)).map_err(|_| SealError::Keys)?;
    okm.fill(&mut out).map_err(|_| SealError::Keys)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser() -> PushKeys {
        PushKeys {
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4".into(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
        }
    }

    #[test]
    fn the_example_of_rfc_8291_comes_out_byte_for_byte() {
        let own = URL_SAFE_NO_PAD
            .decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
            .unwrap();
        let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
        let salt = URL_SAFE_NO_PAD.decode("DGv6ra1nlYgDCS1FRnbzlw").unwrap();
        let text = b"When I grow up, I want to be a watermelon";
        let sealed = seal_with(
            text,
            text.len() + 1,
            &Browser::parse(&browser()).unwrap(),
            &own,
            salt.try_into().unwrap(),
        );
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg\
             Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(sealed.unwrap()), expected);
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        let good = browser();
        assert!(Browser::parse(&good).is_ok());
        let mut point = URL_SAFE_NO_PAD.decode(&good.p256dh).unwrap();
        point[64] ^= 1;
        for (p256dh, auth) in [
            ("", good.auth.as_str()),
            (&good.p256dh, ""),
            (&good.p256dh, "BTBZMqHH6r4Tts7J_aSIggAA"),
            ("not base64!", &good.auth),
            (&URL_SAFE_NO_PAD.encode(&point), &good.auth),
            (&URL_SAFE_NO_PAD.encode([4; 65]), &good.auth),
        ] {
            let keys = PushKeys {
                p256dh: p256dh.into(),
                auth: auth.into(),
            };
            assert_eq!(
                Browser::parse(&keys).err(),
                Some(SealError::Keys),
                "{p256dh}"
            );
        }
    }

    #[test]
    fn lengths_come_in_steps_and_end() {
        let browser = Browser::parse(&browser()).unwrap();
        let length = |text: &[u8]| seal(text, &browser).map(|sealed| sealed.len());
        assert_eq!(length(b"a"), length(&[b'a'; 255]));
        assert_ne!(length(b"a"), length(&[b'a'; 256]));
        assert_eq!(length(&[b'a'; 5000]), Err(SealError::Long));
        assert_ne!(seal(b"a", &browser), seal(b"a", &browser));
    }
}
