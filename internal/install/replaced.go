package install

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// editedName is what a definition that somebody edited is called beside the one that replaced it, with the time in UTC.
const editedName = definition.DefaultFile + ".edited-"

// replaced looks at the definition that is about to be written anew, and says what becomes of it. A definition as install wrote it can be
// written again; one that somebody edited can't, so it is kept.
func (i *Installation) replaced(r *Result) error {
	have, err := safefile.ReadFile(i.Definition.File, definition.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading the definition that is to be replaced: %w", err)
	}
	r.Difference = difference(string(have), string(i.Text))
	installed, err := record.Load(i.Folders.Config)
	if err != nil && !errors.Is(err, record.ErrNone) {
		return err
	}
	if installed.Written != sum(have) {
		i.edited, r.Kept = have, i.Definition.File+editedName[len(definition.DefaultFile):]+time.Now().UTC().Format("20060102T150405Z")
	}
	return nil
}

// sum is how the record knows a text that install wrote.
func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}
