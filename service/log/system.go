package log

// systemOutput is the operating system's log: the journal, the Event Log.
type systemOutput struct {
	sink   sink
	encode func(dst []byte, r *flatRecord) []byte
}
