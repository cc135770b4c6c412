// Package signature signs files and verifies them by minisign's signatures (https://jedisct1.github.io/minisign): Ed25519 over the
// BLAKE2b-512 of the file, in a text file of its own beside it. What daruma signs `minisign -V` verifies, and the other way round.
package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"aead.dev/minisign"
)

// Extension is what the name of a signature's file has behind the name of the file that it is for, as minisign names it.
const Extension = ".minisig"

// MaxSize is what a signature, a key or a list of keys may have, in bytes.
const MaxSize = 64 << 10

// Key signs.
type Key struct{ private minisign.PrivateKey }

// ReadKey reads a private key. password is asked where the key is encrypted.
func ReadKey(text []byte, password func() (string, error)) (Key, error) {
	if !minisign.IsEncrypted(text) {
		var k Key
		if err := k.private.UnmarshalText(text); err != nil {
			return Key{}, errors.New("it is no private key of minisign; daruma pack --keygen makes one, or minisign -G")
		}
		return k, nil
	}
	secret, err := password()
	if err != nil {
		return Key{}, err
	}
	private, err := minisign.DecryptKey(secret, text)
	if err != nil {
		return Key{}, errors.New("the password isn't the key's")
	}
	return Key{private}, nil
}

// Public is the key that verifies what k signs, in the one line that minisign -P takes: 56 characters that begin with RW.
func (k Key) Public() string {
	public, ok := k.private.Public().(minisign.PublicKey)
	if !ok {
		return "" // the library documents no other type
	}
	return public.String()
}

// NewKey makes a key: the texts of its two files. Without a password the private one isn't encrypted.
func NewKey(password string) (private, public []byte, err error) {
	pub, key, err := minisign.GenerateKey(nil)
	if err != nil {
		return nil, nil, err
	}
	if password == "" {
		private, err = key.MarshalText()
	} else {
		private, err = minisign.EncryptKey(password, key)
	}
	if err != nil {
		return nil, nil, err
	}
	public, err = pub.MarshalText()
	return append(private, '\n'), append(public, '\n'), err
}

// Sign reads r to its end and gives its signature, the same for the same bytes, key and comment. The comment is signed, too; it has one
// line.
func (k Key) Sign(r io.Reader, comment string) ([]byte, error) {
	signed := minisign.NewReader(r)
	if _, err := io.Copy(io.Discard, signed); err != nil {
		return nil, err
	}
	untrusted := fmt.Sprintf("signature from minisign secret key %016X", k.private.ID())
	return append(signed.SignWithComments(k.private, comment, untrusted), '\n'), nil
}

// Keys are those whose signatures are trusted.
type Keys []minisign.PublicKey

// ParseKeys reads public keys: a line each, as in the files that minisign writes. Empty lines, those that begin with # and minisign's own
// comments are passed over. file names the text in errors.
func ParseKeys(text []byte, file string) (Keys, error) {
	var keys Keys
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "untrusted comment:") {
			continue
		}
		var key minisign.PublicKey
		if err := key.UnmarshalText([]byte(line)); err != nil {
			return nil, fmt.Errorf("%s:%d: is no public key of minisign: each line is one, 56 characters that begin with RW", file, i+1)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Verify reads r to its end and tells whether one of the keys has signed it. It gives the key's id, as minisign shows it.
func (keys Keys) Verify(r io.Reader, signature []byte) (id string, err error) {
	var s minisign.Signature
	if err := s.UnmarshalText(bytes.TrimRight(signature, "\r\n")); err != nil {
		return "", errors.New("the signature's file is none of minisign")
	}
	if s.Algorithm != minisign.HashEdDSA {
		return "", errors.New("the signature isn't of the file's hash: sign with minisign 0.10 or later, or with -H")
	}
	for _, key := range keys {
		if key.ID() != s.KeyID {
			continue
		}
		signed := minisign.NewReader(r)
		if _, err := io.Copy(io.Discard, signed); err != nil {
			return "", err
		}
		if !signed.Verify(key, bytes.TrimRight(signature, "\r\n")) {
			return "", fmt.Errorf("the signature by key %016X isn't that of these bytes: the file was damaged or changed", key.ID())
		}
		return fmt.Sprintf("%016X", key.ID()), nil
	}
	return "", fmt.Errorf("it is signed by key %016X, which isn't trusted here", s.KeyID)
}

// IDs are those of the keys, as minisign shows them.
func (keys Keys) IDs() []string {
	var list []string
	for _, key := range keys {
		list = append(list, fmt.Sprintf("%016X", key.ID()))
	}
	return list
}

// Equal tells whether both have the same keys in the same order.
func (keys Keys) Equal(other Keys) bool {
	return slices.EqualFunc(keys, other, func(a, b minisign.PublicKey) bool { return a.Equal(b) })
}

// Encode gives the keys as a text that [ParseKeys] reads.
func (keys Keys) Encode() ([]byte, error) {
	var b bytes.Buffer
	for _, key := range keys {
		text, err := key.MarshalText()
		if err != nil {
			return nil, err
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}
