package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/release/signature"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// KeysFile is the path of the keys that are trusted.
func KeysFile(root string) string { return filepath.Join(root, "release-keys") }

// Keys reads them; none where there is no such file.
func Keys(root string) (signature.Keys, error) {
	text, err := safefile.ReadOwn(KeysFile(root), signature.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return signature.ParseKeys(text, KeysFile(root))
}

// Pin replaces them: from now on a release must be signed by one of these. The folder root must exist.
func Pin(root string, keys signature.Keys) error {
	text, err := keys.Encode()
	if err != nil {
		return err
	}
	return safefile.Replace(KeysFile(root), text, 0o644)
}

// NamedKeys reads public keys that a person names: each is a file as minisign writes it, or the key itself. A file without one is an error.
func NamedKeys(named []string) (signature.Keys, error) {
	var all signature.Keys
	for _, name := range named {
		if one, err := signature.ParseKeys([]byte(name), ""); err == nil && len(one) == 1 {
			all = append(all, one...)
			continue
		}
		text, err := safefile.ReadFile(name, signature.MaxSize)
		if err != nil {
			return nil, fmt.Errorf("%w (a key is named by its file, or is the line in that which begins with RW)", err)
		}
		keys, err := signature.ParseKeys(text, name)
		if err == nil && len(keys) == 0 {
			err = fmt.Errorf("%s has no public key of minisign", name)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}
