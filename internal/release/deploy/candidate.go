package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/daruma-sh/daruma/internal/release/archive"
	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/release/store"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// Candidate is a package that is verified, and open.
type Candidate struct {
	Package  *archive.Package
	Root     string // the config folder of its service
	SignedBy string // the key's id; "": it isn't signed, which was asked for
	file     *os.File
	pin      signature.Keys // to be trusted from now on
}

// Trust says which packages are taken.
type Trust struct {
	Unsigned bool           // also one without a signature; one that is wrong is refused all the same
	Keys     signature.Keys // the keys of a service that has none yet; they are its keys from the deploy on
}

// OpenCandidate verifies the package in file: its signature by one of the keys of its service (root gives the service's config folder), and
// that it is for this system and processor.
func OpenCandidate(file string, root func(service string) (string, error), trust Trust) (*Candidate, error) {
	f, err := safefile.Open(file)
	if err != nil {
		return nil, err
	}
	c := &Candidate{file: f}
	if err := c.verify(file, root, trust); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s is refused: %w", file, err)
	}
	return c, nil
}

// Close ends the reading of the package.
func (c *Candidate) Close() { _ = c.file.Close() }

func (c *Candidate) verify(file string, root func(string) (string, error), trust Trust) error {
	info, err := c.file.Stat()
	if err != nil {
		return err
	}
	if c.Package, err = archive.Open(c.file, info.Size()); err != nil {
		return err
	}
	m := c.Package.Manifest
	if m.OS != runtime.GOOS || m.Arch != runtime.GOARCH {
		return fmt.Errorf("it is for %s on %s, and this is %s on %s", m.OS, m.Arch, runtime.GOOS, runtime.GOARCH)
	}
	if c.Root, err = root(m.Name); err != nil {
		return err
	}
	keys, err := store.Keys(c.Root)
	switch {
	case err != nil:
		return err
	case len(trust.Keys) > 0 && len(keys) > 0 && !keys.Equal(trust.Keys):
		return fmt.Errorf("%s has other keys already (%s), and a deploy doesn't change them: leave --key out, or change them with daruma install %s --key",
			m.Name, strings.Join(keys.IDs(), ", "), m.Name)
	case len(trust.Keys) > 0:
		keys, c.pin = trust.Keys, trust.Keys
	}
	return c.verifySignature(file+signature.Extension, keys, trust.Unsigned)
}

func (c *Candidate) verifySignature(file string, keys signature.Keys, unsigned bool) error {
	signed, err := safefile.ReadFile(file, signature.MaxSize)
	none := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !none:
		return err
	case none && !unsigned:
		return fmt.Errorf("it isn't signed: there is no %s. daruma pack --sign makes one; --unsigned takes it without", file)
	case len(keys) == 0 && !unsigned:
		return fmt.Errorf("no key is trusted for %s: --key with the publisher's public key trusts it from now on (daruma install --key, for a service that is installed); "+
			"--unsigned takes the package without", c.Package.Manifest.Name)
	case none || len(keys) == 0:
		return nil
	}
	return c.Package.Verify(func(r io.Reader) error {
		c.SignedBy, err = keys.Verify(r, signed)
		return err
	})
}

// manifestSum tells packages with the same version apart.
func (c *Candidate) manifestSum() (string, error) {
	text, err := c.Package.Manifest.Encode()
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}
