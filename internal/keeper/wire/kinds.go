package wire

import "reflect"

// kind is what is known of one kind of message besides its fields.
type kind struct {
	of  reflect.Type
	new func() Message
}

func kindOf[T any, P interface {
	*T
	Message
}]() kind {
	return kind{of: reflect.TypeFor[P](), new: func() Message { return P(new(T)) }}
}

// kinds lists every kind of message. Its place in the list is its number on the wire, from 1: a new kind goes to the end, because
// after an upgrade a keeper of the old version speaks with a supervisor of the new one.
var kinds = [...]kind{
	1: kindOf[Spawn](),
	kindOf[SetRestartGrant](),
	kindOf[Signal](),
	kindOf[Kill](),
	kindOf[Freeze](),
	kindOf[Release](),
	kindOf[Ack](),
	kindOf[Listen](),
	kindOf[Unlisten](),
	kindOf[Heartbeat](),
	kindOf[SnapshotPart](),
	kindOf[Finish](),
	kindOf[Forget](),
	kindOf[Frozen](),
	kindOf[Started](),
	kindOf[Failed](),
	kindOf[Exited](),
	kindOf[Listening](),
	kindOf[StopRequest](),
	kindOf[ReloadRequest](),
	kindOf[Hello](),
	kindOf[KnownRun](),
	kindOf[Welcome](),
	kindOf[DumpStacks](),
	kindOf[ServiceState](),
	kindOf[PauseRequest](),
	kindOf[PowerEvent](),
	kindOf[SessionEvent](),
	kindOf[ControlEvent](),
	kindOf[DefinitionTaken](),
	kindOf[Allowed](),
	kindOf[OpenToReaders](),
	kindOf[OpenedToReaders](),
	kindOf[Unasked](),
	kindOf[Upgrade](),
	kindOf[UpgradeAnswer](),
	kindOf[HeldKeeper](),
	kindOf[HeldProgram](),
	kindOf[HeldRun](),
	kindOf[HeldSocket](),
	kindOf[HeldEnd](),
}

// numberOf gives the number of a message's kind. A search of so short a list costs less than a hash.
func numberOf(m Message) byte {
	of := reflect.TypeOf(m)
	for n := range kinds {
		if kinds[n].of == of {
			return byte(n)
		}
	}
	panic("a message of type " + of.String() + " has no entry in kinds")
}

// newMessage gives an empty message of the kind with this number, or nil.
func newMessage(number byte) Message {
	if number == 0 || int(number) >= len(kinds) {
		return nil
	}
	return kinds[number].new()
}

// EveryKind gives an empty message of each kind, in the order of their numbers.
func EveryKind() []Message {
	var all []Message
	for _, k := range kinds[1:] {
		all = append(all, k.new())
	}
	return all
}
