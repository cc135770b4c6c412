// Package incident keeps the record of a service's incidents: what fell, why, what was done, and how long until it was up again. It is
// one append-only, fsynced file of JSON lines.
//
//	rec, found, err := incident.Open(folders.Incidents(), incident.Options{Service: "shop", Start: incident.SupervisorReplaced, Reason: "no heartbeat for 10 s"})
//	found.Open                      // incidents that the predecessor left open; they go on, by program
//	found.Wanted                    // programs that were wanted then
//	rec.RecordWanted("api", true, "start of the service")
//	rec.RecordFall(incident.Fall{Program: "api", Generation: 7, Kind: incident.Signal, Cause: "killed by SIGKILL", Signal: "SIGKILL"})
//	rec.RecordAction(incident.Action{Program: "api", What: "restarted at once", Generation: 8})
//	rec.RecordRecovery(incident.Recovery{Program: "api", Generation: 8})      // runs, and is ready where it has a readiness probe
//	rec.CloseIncident("api", incident.GaveUp, "8 restarts within 10m0s")
//	rec.RecordWanted("", false, incident.ServiceStopped)                      // "": all programs
//	rec.Flush(ctx); rec.Close(ctx)
//
//	history, err := incident.Read(path)                                 // while a recorder writes, too
//	history.Incidents; history.Report(history.Last(7*24*time.Hour)); history.Report(history.SinceBoot())
//
// No method of [Recorder] waits for the disk, except for Flush and Close. A full or failing disk is tried again every second and at the next
// event; what had to be dropped meanwhile is counted and written down as such.
//
// # Rules
//
//   - A program has at most one open incident. A further fall before it stands again, or within [Options.Relapse] after it did, belongs to
//     the same incident (a crash loop is one incident with a count of falls). A fall with no program ("") is the service's own: its supervisor.
//   - Each line carries the whole incident as it is then, so a line lost or read twice harms nothing: the last one counts.
//     Lines are numbered, without end, across reopening; a number that isn't higher than the last one read is passed over.
//   - Time is counted on a line of its own (field t): the monotonic clock, continued from one recorder to the next while the machine
//     runs. Only across a boot of the machine does the wall clock say how much time went by. A clock set back or forward changes no duration.
//   - Next to the file, FILE.alive holds when the recorder was last known to live (written twice a minute, not fsynced):
//     that is where the down time begins when the machine loses power or the keeper is killed.
//   - Time down is time in which a program was wanted and an incident had it down. Availability is (wanted − down) / wanted.
package incident

import "time"

// Kind says what brought a program down.
type Kind string

// The kinds of falls.
const (
	Exit          Kind = "exit"
	Signal        Kind = "signal"
	LivenessProbe Kind = "livenessProbe"
	StartupProbe  Kind = "startupProbe"
	Spawn         Kind = "spawn" // it could not be started
	OutOfMemory   Kind = "outOfMemory"
	Supervisor    Kind = "supervisor" // daruma's supervisor fell; no program was down
	Keeper        Kind = "keeper"     // daruma's keeper fell, and the programs with it
	Machine       Kind = "machine"    // the machine went down
	Service       Kind = "service"    // the service ended with a failure, wasn't started, or its start was refused
)

// Outcome says how an incident stands or ended.
type Outcome string

// The outcomes.
const (
	Ongoing    Outcome = "open"
	Recovered  Outcome = "recovered"
	GaveUp     Outcome = "gaveUp"     // not restarted any more; the program counts as down until it runs again or isn't wanted
	Stopped    Outcome = "stopped"    // ended by someone who stopped the program
	Superseded Outcome = "superseded" // the program was taken out of the definition
)

// Incident is one departure from health.
type Incident struct {
	ID         string   `json:"id"` // unique within the service
	Service    string   `json:"service"`
	Program    string   `json:"program,omitempty"` // "": the service itself
	Generation int      `json:"generation"`        // the run that fell first
	Kind       Kind     `json:"kind"`              // of the first fall
	Cause      string   `json:"cause"`             // in words
	ExitCode   *int     `json:"exitCode,omitempty"`
	Signal     string   `json:"signal,omitempty"`
	Probe      string   `json:"probe,omitempty"`
	ProbeError string   `json:"probeError,omitempty"`
	LastOutput []string `json:"lastOutput,omitempty"` // the last lines before the first fall

	Falls     int    `json:"falls"`               // from 1; more in a crash loop
	LastCause string `json:"lastCause,omitempty"` // of the last fall, where it differs
	Restarts  int    `json:"restarts"`            // attempts to bring it back
	Action    string `json:"action,omitempty"`    // what was done last, in words

	Detected  time.Time  `json:"detected"` // wall clock
	Acted     *time.Time `json:"acted,omitempty"`
	Recovered *time.Time `json:"recovered,omitempty"`
	// Durations by the monotonic clock, since the first fall.
	ActedAfter     Millis `json:"actedAfterMs,omitempty"`     // to the first action
	RecoveredAfter Millis `json:"recoveredAfterMs,omitempty"` // to the last recovery: how long until it stood again
	Down           Millis `json:"downMs"`                     // time really down until DownSince; less than RecoveredAfter when it stood in between

	RecoveredGeneration int     `json:"recoveredGeneration,omitempty"`
	Outcome             Outcome `json:"outcome"`
	EndReason           string  `json:"endReason,omitempty"`

	From      Millis `json:"fromT"`                // place of the first fall on the record's own time line
	Until     Millis `json:"untilT,omitempty"`     // place of the end of the down time; 0 while it is down
	DownSince Millis `json:"downSinceT,omitempty"` // place of the last fall; 0 while it stands
}

// Fall is what is recorded when a run ended or failed.
type Fall struct {
	Program    string // "": the service's own supervisor; no program counts as down
	Generation int
	Kind       Kind
	Cause      string // in words: "exit code 1", "killed by SIGKILL", "livenessProbe failed 3 times in a row: …"
	ExitCode   *int
	Signal     string
	Probe      string
	ProbeError string
	LastOutput []string      // at most 20 lines of 500 bytes are kept
	Ago        time.Duration // how long ago it happened (the keeper noticed it while no supervisor was there); 0: now
}

// Action is what was done about a fall.
type Action struct {
	Program    string
	What       string // in words: "restarted at once", "waits 2 s before restart 4"
	Generation int    // of the new run; 0 where none was started (it isn't counted as an attempt then)
	Ago        time.Duration
}

// Recovery is what is recorded when a program is up again.
type Recovery struct {
	Program    string
	Generation int // the run that is up
	Ago        time.Duration
}

// Outage is time in which the service was to run and none of its programs did.
type Outage struct {
	Kind     Kind
	Cause    string        // in words
	Action   string        // in words: what was done about it; "": nothing
	Ago      time.Duration // how long ago it began
	Programs []string      // those that are to run; nil: those that ended with the service. One that was stopped by itself stays so
}

// ServiceStopped is the reason to give to [Recorder.RecordWanted] for programs that aren't wanted because the service ends in order:
// they are wanted again when the service is.
const ServiceStopped = "service stopped"

// Start says what came before a recorder was opened.
type Start string

// The starts.
const (
	ServiceStarted     Start = "serviceStarted"     // the keeper is new: every program that was wanted and had not been stopped went down with the last one
	SupervisorReplaced Start = "supervisorReplaced" // the keeper lived on, and the programs with it
	Upgraded           Start = "upgraded"           // by order, another daruma is in charge; the programs ran on, and nothing fell
)

// Options of [Open].
type Options struct {
	Service  string
	Start    Start         // required
	Reason   string        // in words, for the boot line and, with SupervisorReplaced, the incident's cause
	Absent   time.Duration // with SupervisorReplaced: how long no supervisor was in charge
	Outage   *Outage       // with ServiceStarted: what is known of the time before; nil: nothing
	Relapse  time.Duration // default 10 s
	MaxBytes int64         // default 2 MiB (some 1,400 incidents): a longer file is compacted to half of that at most
	Keep     int           // incidents kept by compaction; default 500
	Queue    int           // lines kept in memory while the disk refuses them; default 2,000

	clock *clock // tests set their own
}

// defaults fills in what is left out.
func (o Options) defaults() Options {
	if o.Relapse <= 0 {
		o.Relapse = 10 * time.Second
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 2 << 20
	}
	if o.Keep <= 0 {
		o.Keep = 500
	}
	if o.Queue <= 0 {
		o.Queue = 2000
	}
	if o.clock == nil {
		o.clock = systemClock()
	}
	return o
}

// Found is what [Open] found in the file.
type Found struct {
	Open   []Incident // by program; they stay open until RecordRecovery or CloseIncident is called
	Wanted []string   // programs that were wanted, sorted
	Down   Kind       // what ended the service while programs were wanted, before this start: Keeper, Machine, or "" for none
	Booted bool       // the system was started since the last start, orderly or not
	Broken int        // lines passed over because they could not be read
	Torn   bool       // the last line was cut off (by a kill or a power cut) and has been removed

	Gone time.Duration // how long before this start daruma was last known to run; 0 with an empty record
}
