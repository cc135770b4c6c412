package engine

// kind is the column of the table.
type kind uint8

const (
	onStart kind = iota
	onStop
	onRestart
	onPause
	onResume
	onSpawned
	onSpawnFailed
	onExited
	onPostStart
	onPreStop
	onStartup
	onLiveness
	onReadiness
	onTimer
	onReset
	kinds
)

type action func(*Service, *Program, Event)

// table is state × event.
type table [kinds][Completed + 1]action

// transitions says what each event does in each state. A nil cell is an event without meaning there: it is dropped.
func transitions() *table {
	return &table{
		//              Stopped     Waiting     Spawning     Starting     Running      Stopping        Backoff   Failed      Completed
		onStart:       {begin, nil, nil, nil, nil, startAfterStop, startNow, begin, begin},
		onStop:        {nil, settleDown, takeDown, takeDown, takeDown, stayDown, settleDown, settleDown, settleDown},
		onRestart:     {begin, begin, cycle, cycle, cycle, startAfterStop, startNow, begin, begin},
		onPause:       {refuse, refuse, refuse, freeze, freeze, refuse, refuse, refuse, refuse},
		onResume:      {refuse, refuse, nil, thaw, thaw, nil, refuse, refuse, refuse},
		onSpawned:     {nil, nil, spawned, nil, nil, notePID, nil, nil, nil},
		onSpawnFailed: {nil, nil, spawnFailed, spawnFailed, spawnFailed, goneWhileStopping, nil, nil, nil},
		onExited:      {nil, nil, exited, exited, exited, goneWhileStopping, nil, nil, nil},
		onPostStart:   {nil, nil, nil, postStarted, nil, nil, nil, nil, nil},
		onPreStop:     {nil, nil, nil, nil, nil, preStopped, nil, nil, nil},
		onStartup:     {nil, nil, nil, startupProbed, nil, nil, nil, nil, nil},
		onLiveness:    {nil, nil, nil, nil, livenessProbed, nil, nil, nil, nil},
		onReadiness:   {nil, nil, nil, nil, readinessProbed, readinessProbed, nil, nil, nil},
		onTimer:       {nil, nil, nil, nil, nil, stopLonger, backoffOver, nil, nil},
		onReset:       {nil, nil, nil, nil, forgetFailures, nil, nil, nil, nil},
	}
}
