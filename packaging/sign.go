package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/daruma-sh/daruma/internal/release/signature"
)

// sumsName is the file of the sums, the only one that is signed: who has checked it has checked all that it names.
const sumsName = "SHA256SUMS"

// keyFlags say with what a release is signed.
type keyFlags struct {
	key          string // file of the private key; "": the release isn't signed
	passwordFile string // its first line is the key's password
	passwordEnv  string // environment variable with the key's password
}

// read gives the key, nil where there is none.
func (f keyFlags) read() (*signature.Key, error) {
	if f.key == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.key)
	if err != nil {
		return nil, fmt.Errorf("-sign: %w; daruma pack --keygen makes a key", err)
	}
	key, err := signature.ReadKey(text, f.password)
	if err != nil {
		return nil, fmt.Errorf("-sign %s: %w", f.key, err)
	}
	return &key, nil
}

// password is asked only where the key is encrypted. Nothing is asked at the terminal: releases are built by machines.
func (f keyFlags) password() (string, error) {
	switch {
	case f.passwordEnv != "":
		if password := os.Getenv(f.passwordEnv); password != "" {
			return password, nil
		}
		return "", fmt.Errorf("the environment variable %s isn't set", f.passwordEnv)
	case f.passwordFile != "":
		text, err := os.ReadFile(f.passwordFile)
		line, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSuffix(line, "\r"), err
	}
	return "", errors.New("it is encrypted: give its password by -password-file or -password-env")
}

// seal adds the sums of all that is made, and their signature.
//
// The signed comment names the version, so that nobody can show the signed sums of an older release for those of a newer one.
func (r release) seal(made map[string][]byte) error {
	made[sumsName] = sums(made)
	if r.key == nil {
		return nil
	}
	signed, err := r.key.Sign(bytes.NewReader(made[sumsName]), r.signedComment())
	made[sumsName+signature.Extension] = signed
	return err
}

// signedComment is what the signature's comment says.
func (r release) signedComment() string { return "daruma " + r.version }

// write puts everything into the folder. A signature of an earlier build goes: it would be taken for a wrong one.
func (r release) write(made map[string][]byte) error {
	if r.key == nil {
		if err := os.Remove(filepath.Join(r.out, sumsName+signature.Extension)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for name, data := range made {
		path := filepath.Join(r.out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
