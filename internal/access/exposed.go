// Package access looks after who may read and write the files of a service: it finds paths that others than administrators could
// change, paths that the service's account can't reach, and gives folders to the service's account alone.
//
// What a definition names is package namedfiles' concern. A path is followed link by
// link (way.go), and each thing on its way is judged by its owner and access (exposed_linux.go, exposed_windows.go).
//
// Windows: access lists. Linux: owners and mode bits.
package access

import "fmt"

// Exposed tells why somebody who isn't an administrator could change the file at path, or put another in its place: a service
// that runs it would run whatever they like. nil: nobody can. The error says what, who, and what to do.
//
// Looked at are the file, every folder above it, every link on the way and the folders above that. Windows: owner and access lists;
// paths of the network and of drives that belong to one logon. Linux: owner and mode bits, in which the mask of an access list
// shows. Folders for temporary files are refused, too, and on Windows those of a user's profile: what is there goes some day.
func Exposed(path string) error {
	if err := unfitPath(path); err != nil {
		return err
	}
	l := NewLooker()
	end, err := l.look(path, theFile, Principals{})
	if err != nil {
		return err
	}
	if end != path {
		if err := unfitPath(end); err != nil {
			return err
		}
	}
	return l.temporary(path)
}

// ExposedToOthers is [Exposed] for what daruma itself keeps in the service's folders: the service's account, which wrote it and is that
// of this process, doesn't count, and no folder is unfit.
func ExposedToOthers(path, service string) error {
	_, err := NewLooker().look(path, theFile, Callers(service))
	return err
}

// ExposedError is what Exposed found.
type ExposedError struct {
	Path   string // that was asked for
	Where  string // Path, a folder above it, or a link on the way
	Who    string // "Everyone", "uid 1000"
	What   string // "may write to it"
	Remedy string
}

func (e *ExposedError) Error() string {
	about := e.Where
	if e.Where != e.Path {
		about += ", above " + e.Path + ","
	}
	return fmt.Sprintf("%s isn't safe: %s %s (%s)", about, e.Who, e.What, e.Remedy)
}

// Looker looks at paths one after the other, and at each thing on their ways once. [NewLooker] makes it; one goroutine uses it.
type Looker struct {
	follower
	judged map[judged]*ExposedError
}

// judged is a thing in its role, to those who are trusted with it.
type judged struct {
	step
	trusted string
}

// NewLooker makes a Looker that has seen nothing yet.
func NewLooker() *Looker {
	return &Looker{follower: follower{known: map[string]thing{}}, judged: map[judged]*ExposedError{}}
}

// File gives an *[ExposedError] where others than the administrators and the trusted could change the file at path, or put another in its
// place. It doesn't ask whether the place is unfit, as [Exposed] does.
func (l *Looker) File(path string, trusted Principals) error {
	_, err := l.look(path, theFile, trusted)
	return err
}

// Folder is File for a folder in which files are looked up.
func (l *Looker) Folder(path string, trusted Principals) error {
	_, err := l.look(path, itsDir, trusted)
	return err
}

// look gives where the path leads, and an *ExposedError where others than the administrators and the trusted could change that. as is
// what the end is: a file or a folder in which files are looked up.
func (l *Looker) look(path string, as role, trusted Principals) (end string, err error) {
	steps, err := l.way(path, as)
	if err != nil {
		return "", err
	}
	for _, s := range steps { // the end first: the nearest thing makes the plainest message
		key := judged{s, trusted.key()}
		found, known := l.judged[key]
		if !known {
			if found, err = l.judge(s, trusted); err != nil {
				return "", err
			}
			l.judged[key] = found
		}
		if found != nil {
			e := *found
			e.Path, e.Where = path, s.path
			return "", &e
		}
	}
	return steps[0].path, nil
}

// Privileged tells whether what this process starts can do everything: it is root, or an administrator with all rights.
func Privileged() bool { return privileged() }
