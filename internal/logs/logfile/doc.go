// Package logfile is the files of a log: their names, the file that is written now and its rotation, the index that says when which
// byte came, compression and retention.
//
//	PROGRAM.log                                    what is written now: the exact bytes (text), or one JSON object a line
//	PROGRAM.log.idx                                text only: when which offset was reached, by which generation
//	PROGRAM.00000042-20261122T102938Z.log[.gz]     rotated; the number decides the order, whatever the clock did
//
// A kill at any instant leaves what the next [NewCurrent] sets right. Files are opened by package safefile: what isn't a regular file
// of ours is refused. [Writer] is a whole log for a process that writes its own. What is written where, and when, is up to whoever
// owns a [Current]; reading is package logread's.
package logfile
