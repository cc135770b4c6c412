package daruma

// Health registers checks of the service.
type Health struct{ host *Host }

// newHealth is called before Run is; h's fields are set but for Health.
func newHealth(h *Host) *Health { return &Health{host: h} }

// close is called when Run has returned.
func (h *Health) close() {}

// Heartbeat says that the service's main loop is alive.
func (h *Host) Heartbeat() { h.post(beatMessage{}) }
