package wire

// The fields of each message in their order on the wire. One function serves both directions: see coder.

func (r *Run) code(c *coder) {
	c.u64(&r.Generation)
	c.num(&r.PID)
	c.dur(&r.At)
	c.i64(&r.Wall)
}

func (e *Exit) code(c *coder) {
	c.num(&e.Code)
	c.num(&e.Signal)
	c.flag(&e.CoreDump)
	c.dur(&e.At)
	c.i64(&e.Wall)
	c.i64(&e.MaxRSS)
	c.dur(&e.CPU)
	c.flagPair(&e.Orphans, &e.NoMemory)
	c.str(&e.Asked)
}

// tail codes what came later than a message's other fields, at its end and only where there is something: else a peer of an older version reads
// the message as it was.
func (e *Exit) tail(c *coder) {
	if c.reading && (c.err != nil || len(c.buf) == 0) || !c.reading && len(e.Left) == 0 && e.LeftAll == 0 {
		return
	}
	c.strs(&e.Left)
	c.num(&e.LeftAll)
}

func (s *Spec) code(c *coder) {
	c.blob(&s.Plan)
	c.flag(&s.Split)
	c.flagPair(&s.Notify, &s.OpenStdin)
}

func (m *Spawn) fields(c *coder) {
	c.str(&m.ID)
	c.u64(&m.Generation)
	m.Spec.code(c)
	m.Grant.code(c)
}
func (m *SetRestartGrant) fields(c *coder) { c.str(&m.ID); m.Grant.code(c) }
func (m *Signal) fields(c *coder) {
	c.str(&m.ID)
	c.u64(&m.Generation)
	c.num(&m.Signal)
	c.dur(&m.Next)
}
func (m *Kill) fields(c *coder)            { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Freeze) fields(c *coder)          { c.str(&m.ID); c.u64(&m.Generation); c.flag(&m.Thaw) }
func (m *Release) fields(c *coder)         { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Ack) fields(c *coder)             { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Listen) fields(c *coder)          { c.str(&m.Name); c.str(&m.Network); c.str(&m.Address) }
func (m *Unlisten) fields(c *coder)        { c.str(&m.Name) }
func (m *Heartbeat) fields(*coder)         {}
func (m *SnapshotPart) fields(c *coder)    { c.str(&m.Key); c.blob(&m.Data) }
func (*DefinitionTaken) fields(*coder)     {}
func (*OpenToReaders) fields(*coder)       {}
func (m *OpenedToReaders) fields(c *coder) { c.str(&m.Error) }
func (m *Finish) fields(c *coder)          { c.num(&m.Code) }
func (m *Forget) fields(c *coder)          { c.str(&m.ID) }
func (m *Frozen) fields(c *coder)          { c.str(&m.ID); c.u64(&m.Generation); c.flag(&m.Thaw) }
func (m *Unasked) fields(c *coder)         { c.str(&m.ID); c.u64(&m.Generation) }
func (m *Welcome) fields(*coder)           {}
func (m *DumpStacks) fields(*coder)        {}
func (*Upgrade) fields(*coder)             {}
func (m *UpgradeAnswer) fields(c *coder) {
	c.u64(&m.Attempt)
	c.flag(&m.UpToDate)
	c.str(&m.Error)
}
func (m *Listening) fields(c *coder) {
	c.str(&m.Name)
	c.str(&m.Network)
	c.str(&m.Address)
	c.str(&m.Error)
}
func (m *StopRequest) fields(c *coder) {
	c.str(&m.Signal)
	c.flag(&m.Now)
	c.flag(&m.Overdue)
	c.strs(&m.Left)
}
func (m *ReloadRequest) fields(*coder)  {}
func (m *PauseRequest) fields(c *coder) { c.flag(&m.Resume) }
func (m *PowerEvent) fields(c *coder)   { c.flag(&m.Resumed) }
func (m *SessionEvent) fields(c *coder) { c.str(&m.Change) }
func (m *ControlEvent) fields(c *coder) { c.num(&m.Code) }
func (m *ServiceState) fields(c *coder) { c.flag(&m.Up); c.str(&m.Status) }
func (m *Hello) fields(c *coder) {
	c.num(&m.KeeperPID)
	c.u64(&m.Sessions)
	c.dur(&m.Gone)
	c.str(&m.Why)
	c.str(&m.Cgroup)
	c.str(&m.NoCgroup)
	c.dur(&m.Hang)
	c.str(&m.Mark)
	c.flagPair(&m.Hosted, &m.Readers)
	if c.more() {
		c.str(&m.Version)
		c.i64(&m.ExecutableModified)
		c.i64(&m.ExecutableSize)
	}
	if c.more() {
		c.num((*int)(&m.Upgrades))
		c.str(&m.ExecutablePath)
		c.u64(&m.UpgradeSessions)
		m.LastUpgrade.code(c)
		c.flag(&m.Upgraded)
	}
}
func (m *KnownRun) fields(c *coder) {
	c.str(&m.ID)
	m.Run.code(c)
	c.flag(&m.Alive)
	m.Exit.code(c)
	c.u64(&m.Next)
	c.strs(&m.Streams)
	c.str(&m.Failed)
	c.flag(&m.Acked)
	m.Exit.tail(c)
}
func (m *Started) fields(c *coder) { c.str(&m.ID); m.Run.code(c); c.strs(&m.Streams) }
func (m *Failed) fields(c *coder)  { c.str(&m.ID); c.u64(&m.Generation); c.str(&m.Error) }
func (m *Exited) fields(c *coder) {
	c.str(&m.ID)
	c.u64(&m.Generation)
	m.Exit.code(c)
	c.u64(&m.Next)
	c.str(&m.Failed)
	m.Exit.tail(c)
}
