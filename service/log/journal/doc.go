// Package journal sends entries to systemd's journal (Linux).
//
// An entry is a run of fields, each made with [AppendField]. [FieldName] makes a field's name of any text:
//
//	entry := journal.AppendField(nil, "MESSAGE", "two\nlines")
//	entry = journal.AppendField(entry, "PRIORITY", "4")
//	entry = journal.AppendField(entry, journal.FieldName("request.method"), "GET")
//	sender := journal.NewSender(journal.Socket)
//	err := sender.Send(entry)
//
// journald adds the unit, the process and its user by itself. Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL
//
// Other systems have [MessageID] alone.
package journal
