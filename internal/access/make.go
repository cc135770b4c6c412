package access

import (
	"github.com/daruma-sh/daruma/internal/folders"
)

// Distrust says whose folders are taken beside one's own.
type Distrust uint8

const (
	// Strangers are refused: whose folder it is puts links where files are expected, which this process would follow with its rights.
	Strangers Distrust = iota
	// Nobody is refused: daruma run --allow-unsafe.
	Nobody
)

// MakeFolders creates the folders in which the service called name keeps state, logs and what is for one boot, where they are missing.
// One that somebody else owns, or could put another folder in the place of, is refused before anything in it is opened: a *[FolderError].
//
// Linux: open to their owner alone (logs: readable by the group). A folder may be root's or this user's. For root nobody else may
// write to the folders above, either, nor to those of links on the way.
// Windows: with the access lists of [Protect].
func MakeFolders(name string, f folders.Folders, d Distrust) error { return makeFolders(name, f, d) }

// MakeConfig creates the folder with the service's definition and releases where it is missing, as MakeFolders does with the others: what is
// in it says what runs. On Linux the folders that belong to the service's account aren't looked at; on Windows it makes all of them.
func MakeConfig(name string, f folders.Folders) error { return makeConfig(name, f) }

// TakeOver gives the folders of a service that is now root's, with all that is in them, from its former account to root: for when the
// service was installed again with another account. Links aren't followed, files with more than one name aren't touched. Of what is in the state
// folder the files called remove are removed: what the former account may have written isn't to be obeyed.
//
// It is for the start of the service, when nothing of it runs. Folders that are root's already aren't looked into. For other accounts
// systemd does it (StateDirectory=), on Windows [Protect].
func TakeOver(f folders.Folders, remove ...string) error { return takeOverFolders(f, remove) }

// FolderError says why a folder isn't taken.
type FolderError struct {
	Folder string
	Reason error  // *[ExposedError], or what else is wrong
	Remedy string // what to do
}

func (e *FolderError) Error() string {
	return e.Folder + " is refused: " + e.Reason.Error() + "; " + e.Remedy
}

// Unwrap gives the reason.
func (e *FolderError) Unwrap() error { return e.Reason }
