package logfile

import "time"

// Format is how a program's output is stored.
type Format string

// The formats; the same words as in a definition.
const (
	Text Format = "text" // the exact bytes
	JSON Format = "json" // each line one JSON object with the names of the Elastic Common Schema
)

// Settings says how one program's output is stored. The zero value is text that is never rotated.
type Settings struct {
	Format   Format        // "" is Text
	MaxSize  int64         // bytes after which the file is rotated, at the end of a line; 0: never
	MaxAge   time.Duration // age after which the file is rotated when the next bytes come; 0: never
	MaxFiles int           // rotated files kept; less than 1 is taken as 1
	Compress bool          // rotated files are gzipped in the background
	Encoding string        // what the program writes in: a name of package charset, or "", which is UTF-8; kept for readers in a file beside the log
}
