package notice

import (
	"slices"
	"time"
)

// Kind says what a notice is about.
type Kind string

// The kinds. Those with "over" have a second message, with Notice.Over.
const (
	Fell       Kind = "fell"               // a program is down; over: it stands again, or nobody wants it any more
	GaveUp     Kind = "gaveUp"             // it won't be restarted; over: it runs again all the same, by somebody's order
	Brief      Kind = "brief"              // it fell and stood again before anything was told
	Supervisor Kind = "supervisorReplaced" // daruma's supervisor fell; the programs ran on
	LogLoss    Kind = "logLoss"            // output is being lost; over: it is written again
	NotReady   Kind = "notReady"           // it runs and isn't ready; over: it is ready again
	Stopped    Kind = "stopped"            // a program or the service was stopped on purpose; over: it was started again
	Boot       Kind = "backAfterBoot"      // the service runs again after the machine was started
	Definition Kind = "definitionRefused"  // the definition was refused at the start
	Gone       Kind = "unreachable"        // nobody answers for the service, which nobody stopped; over: it answers again
	Upgraded   Kind = "upgraded"           // another daruma runs the service; the programs ran on
	NoUpgrade  Kind = "upgradeFailed"      // the one that ran before runs on, and so do the programs
	Alert      Kind = "alert"              // of Alertmanager; over: resolved
	Test       Kind = "test"               // asked for by a person
	Summary    Kind = "summary"            // of notices that there was no room to keep one by one
)

// Kinds gives those that can be chosen, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{Fell, GaveUp, Brief, Supervisor, LogLoss, NotReady, Stopped, Boot, Definition, Gone, Upgraded, NoUpgrade, Alert}
}

// Notice is one thing that people are told.
type Notice struct {
	ID      string    `json:"id"` // unique; the same for each attempt to send it
	Kind    Kind      `json:"kind"`
	Over    bool      `json:"over,omitempty"`
	Service string    `json:"service,omitempty"`
	At      time.Time `json:"at"` // when it happened, by the wall clock
	Items   []Item    `json:"items,omitempty"`
	More    int       `json:"more,omitempty"` // items that were too many to keep

	// Of a summary alone: how many notices there were, and until when.
	Count int            `json:"count,omitempty"`
	Until time.Time      `json:"until,omitzero"`
	Of    map[string]int `json:"of,omitempty"` // how many by service
}

// Item is one program that a notice is about, or the service itself.
type Item struct {
	Key       string        `json:"key"`               // of the incident or the condition: the same in both of its messages
	Program   string        `json:"program,omitempty"` // "": the service, or nothing of daruma's (an alert)
	At        time.Time     `json:"at"`
	Cause     string        `json:"cause,omitempty"`     // in words, of the first fall
	LastCause string        `json:"lastCause,omitempty"` // of the last one, where it differs
	Falls     int           `json:"falls,omitempty"`
	Incidents int           `json:"incidents,omitempty"` // brief ones that are told in one: how many
	Took      time.Duration `json:"tookNs,omitempty"`    // how long until it stood again, or how long it has lasted; of several, the longest
	Stopped   bool          `json:"stopped,omitempty"`   // it was over because nobody wanted the program any more
	Output    []string      `json:"output,omitempty"`    // last lines before the fall, as the program wrote them
	Title     string        `json:"title,omitempty"`     // of an alert
	Labels    string        `json:"labels,omitempty"`    // of an alert
	Link      string        `json:"link,omitempty"`      // of an alert
}

// Replaces tells whether nobody needs old any more who gets n: n is the end of all that old tells the beginning of.
func (n *Notice) Replaces(old *Notice) bool {
	if !n.Over && n.Kind != GaveUp || old.Over || n.Service != old.Service || len(old.Items) == 0 || old.ID == n.ID || old.More > 0 {
		return false
	}
	for _, was := range old.Items {
		if !slices.ContainsFunc(n.Items, func(i Item) bool { return i.Key == was.Key }) {
			return false
		}
	}
	return true
}

// Bad tells whether something is wrong, for colours and for severities.
func (n *Notice) Bad() bool {
	switch n.Kind {
	case Fell, GaveUp, LogLoss, NotReady, Gone, Alert, Definition, NoUpgrade:
		return !n.Over
	}
	return false
}

// Add counts another notice in a summary.
func (n *Notice) Add(other *Notice) {
	if n.At.IsZero() {
		n.ID, n.At = other.ID+"/"+string(Summary), other.At
	}
	count := max(other.Count, 1)
	n.Count += count
	n.Until = other.At
	if !other.Until.IsZero() {
		n.Until = other.Until
	}
	if other.Kind != Summary {
		n.Of[other.Service] += count
		return
	}
	for service, c := range other.Of {
		n.Of[service] += c
	}
}
