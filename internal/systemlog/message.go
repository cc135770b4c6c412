package systemlog

import "strings"

// message is the text as Event Viewer makes it of the message table's.
func (e Entry) message(service string, ev Event) string {
	return strings.NewReplacer("%1", service, "%2", ev.Program, "%3", ev.Reason).Replace(e.Text)
}
