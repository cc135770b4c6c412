// Package logs copies what programs write from their pipes to their logs. Its parts are packages: the files and their rotation
// (logfile), reading (logread), and the form of JSON lines (jsonline).
//
// # The way of a byte
//
// The keeper makes the pipes of a run: one for stdout and stderr together where the format is text (so that their order is
// kept), one for each where it is json. It passes the reading ends to the supervisor and keeps a duplicate of each until it
// is told that the run is drained. This package moves the bytes from there to LOGDIR/PROGRAM.log:
//
//	store, err := logs.Open(logs.Options{Service: "shop", Dir: folders.Logs, SpoolDir: folders.Run + "/spool", OnEvent: say})
//	sink, err := store.Program("api", logfile.Settings{…})   // again with other settings on reload: the same sink
//	copier, err := sink.Attach(generation, "stdout", pipe)   // owns pipe from here on; "" or "stdout" where there is one pipe
//	…                                                        // the run's tree is dead, all of it
//	err = copier.Drain(ctx)                                  // everything written is in the file, whoever still holds the writing end
//	…                                                        // now the keeper may close its duplicate
//	sink.Close(); store.Close()
//
// A supervisor that takes over does the same with the same folders and the duplicates of the same pipes, and goes on
// at the byte where its predecessor was killed.
//
// # What holds at every instant of kill -9
//
// Text: splice(2) moves bytes from the pipe into the file at the offset that is the file's size. The kernel takes from
// the pipe exactly what it has written, and a signal can't come between. So the size of the file is the record of
// what was taken: there is no buffer of ours that could be lost, and nothing to be repeated.
//
// JSON: splice moves the raw bytes into a spool file, whose size again says what was taken. The encoder reads the spool,
// appends to the log, and then writes one small commit record: up to where the spool is encoded, and how long the log is.
// A successor cuts the log to the committed length and encodes again from the committed place.
//
// Where splice doesn't work (some file systems; Windows) the bytes are peeked at (tee, PeekNamedPipe), written, and then taken out of
// the pipe. A copy journal in the spool folder says what is under way, so that a kill between these system calls repeats nothing.
//
// # A disk that is full
//
// A program never blocks for long: bytes wait in the pipe while there is room, then the oldest are discarded and counted.
// [Event] says once that it began and once that it ended. Writing is tried again every 100 ms.
package logs
