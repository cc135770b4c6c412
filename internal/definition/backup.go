package definition

import "time"

// Backup is what a deploy keeps a copy of before it puts a release in force. Nothing else uses it.
type Backup struct {
	Paths   []string      // files and folders, absolute
	Command []string      // writes into the folder that DARUMA_BACKUP names; nil: none
	Timeout time.Duration // of all of it, copying and the command; default an hour
}

const (
	defaultBackupTimeout = time.Hour
	longestBackup        = 24 * time.Hour
)

// None tells whether there is nothing to keep a copy of.
func (b *Backup) None() bool { return len(b.Paths) == 0 && len(b.Command) == 0 }

func (d *decoder) backupFields(b *Backup) []field {
	return []field{
		{"paths", func(n *node) {
			d.list(n, func(n *node) {
				path := d.expanded(n)
				d.filePath(n, path)
				b.Paths = append(b.Paths, d.absolute(path))
			})
		}},
		{"command", func(n *node) { b.Command = d.command(n) }},
		{"timeoutSeconds", func(n *node) {
			timeout, ok := d.seconds(n, true)
			switch {
			case !ok:
			case timeout > longestBackup:
				d.fail(n.pos, "must be at most 86400 (a day), is %s", clip(n.text))
			default:
				b.Timeout = timeout
			}
		}},
	}
}
