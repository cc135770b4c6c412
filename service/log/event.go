package log

import (
	"log/slog"

	"github.com/daruma-sh/daruma/service/log/journal"
)

// Event ids of records without EventID, and of the handler's own.
const (
	eventDebug   = 100
	eventInfo    = 200
	eventWarn    = 300
	eventError   = 400
	eventDropped = 900
)

// Event ids that EventCreate.exe's message table has; `install` registers it as the source's message file. An id without an
// entry there is shown as "the description for Event ID … cannot be found".
const (
	minEvent = 1
	maxEvent = 1000
)

// eventNumber is the value of an EventID attribute. It has a type of its own, so that no attribute of the service's is taken for one.
type eventNumber int

// EventID makes the attribute that gives a record a stable event id, 1 to 1000, which stays when its text changes:
//
//	logger.Error("payment refused", log.EventID(17), "order", id)
//
// It is the event's id in the Windows Event Log, where monitoring looks for it. In the journal it is the field EVENT_ID, and
// MESSAGE_ID is made of it (see [MessageID]). In lines it is the attribute "eventId". The last one of a record counts, in
// any group.
//
// A record without one gets an id by its level: 100 below Info, 200 below Warn, 300 below Error, 400 from Error on. An id
// outside of 1 to 1000 is written to lines as it is and counts as none in the system's log, since EventCreate.exe's message
// table, which Windows shows our events with, has no others. Take 1 to 99 or 500 to 899; 900 to 1000 are this package's.
func EventID(id int) slog.Attr {
	return slog.Any("eventId", eventNumber(id))
}

// eventOf gives the event id that a carries, 0 where it carries none.
func eventOf(v slog.Value) int {
	if v.Kind() != slog.KindAny {
		return 0
	}
	if id, ok := v.Any().(eventNumber); ok && id >= minEvent && id <= maxEvent {
		return int(id)
	}
	return 0
}

// defaultEvent is the id of a record without EventID.
func defaultEvent(level slog.Level) int {
	switch {
	case level < slog.LevelInfo:
		return eventDebug
	case level < slog.LevelWarn:
		return eventInfo
	case level < slog.LevelError:
		return eventWarn
	default:
		return eventError
	}
}

// MessageID is the MESSAGE_ID that records of the program name (Options.Name) with this event id have in the journal: 128
// bits as 32 hexadecimal digits, the same on every machine and in every version.
//
//	journalctl MESSAGE_ID=$(...)
func MessageID(name string, event int) string { return journal.MessageID(name, event) }
