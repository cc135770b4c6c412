package signature

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func noPassword() (string, error) { return "", errors.New("asked for a password") }

func newKey(t *testing.T) (Key, Keys) {
	t.Helper()
	private, public, err := NewKey("")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ReadKey(private, noPassword)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseKeys(append([]byte("# ours\r\n\r\n"), public...), "keys")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	return key, keys
}

func TestSignAndVerify(t *testing.T) {
	key, keys := newKey(t)
	_, others := newKey(t)
	if again, err := ParseKeys([]byte(key.Public()), "public"); err != nil || len(again) != 1 || !again[0].Equal(keys[0]) {
		t.Errorf("the key's public half is %q: %v", key.Public(), err)
	}
	text := bytes.Repeat([]byte("a package"), 10_000)
	s, err := key.Sign(bytes.NewReader(text), "file:shop.zip")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := key.Sign(bytes.NewReader(text), "file:shop.zip"); err != nil || !bytes.Equal(s, again) {
		t.Error("the same file is signed otherwise")
	}
	id, err := append(others, keys...).Verify(bytes.NewReader(text), s)
	if err != nil || len(id) != 16 || !strings.Contains(string(s), "key "+id) {
		t.Errorf("%q %v", id, err)
	}
	if _, err := keys.Verify(bytes.NewReader(text), bytes.ReplaceAll(s, []byte("\n"), []byte("\r\n"))); err != nil {
		t.Errorf("an editor of Windows has been at it: %v", err)
	}
	for name, refused := range map[string]struct {
		keys Keys
		text []byte
		sign []byte
		want string
	}{
		"other bytes":   {keys, append(bytes.Clone(text), 'x'), s, "damaged or changed"},
		"another key":   {others, text, s, "isn't trusted here"},
		"no key":        {nil, text, s, "isn't trusted here"},
		"no signature":  {keys, text, nil, "none of minisign"},
		"other comment": {keys, text, bytes.Replace(s, []byte("shop.zip"), []byte("shop.exe"), 1), "damaged or changed"},
		"not hashed":    {keys, text, bytes.Replace(s, []byte("\nRU"), []byte("\nRW"), 1), "sign with minisign 0.10"},
		"half":          {keys, text, s[:len(s)/2], ""},
	} {
		if _, err := refused.keys.Verify(bytes.NewReader(refused.text), refused.sign); err == nil || !strings.Contains(err.Error(), refused.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMinisignsOwn: what the tool itself has written. Source: the README of github.com/jedisct1/minisign and its test vectors.
func TestMinisignsOwn(t *testing.T) {
	const public = "untrusted comment: minisign public key E7620F1842B4E81F\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n"
	const signed = "untrusted comment: signature from minisign secret key\nRUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\ntrusted comment: timestamp:1556193335\tfile:test\ny/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n"
	keys, err := ParseKeys([]byte(public), "keys")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := keys.Verify(strings.NewReader("test"), []byte(signed)); err != nil || id != "E7620F1842B4E81F" {
		t.Errorf("%q %v", id, err)
	}
}

func TestKeysRefused(t *testing.T) {
	if _, err := ReadKey([]byte("hello"), noPassword); err == nil {
		t.Error("taken")
	}
	if _, err := ParseKeys([]byte("# a\nhello\n"), "release-keys"); err == nil || !strings.Contains(err.Error(), "release-keys:2:") {
		t.Error(err)
	}
}

// FuzzSignature: no text brings the readers down, and none is a signature.
func FuzzSignature(f *testing.F) {
	private, public, err := NewKey("")
	if err != nil {
		f.Fatal(err)
	}
	key, err := ReadKey(private, noPassword)
	if err != nil {
		f.Fatal(err)
	}
	keys, err := ParseKeys(public, "keys")
	if err != nil {
		f.Fatal(err)
	}
	s, err := key.Sign(strings.NewReader("a"), "b")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s)
	f.Add(public)
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := keys.Verify(strings.NewReader("another"), text); err == nil {
			t.Error("verified")
		}
		_, _ = ParseKeys(text, "keys")
	})
}
