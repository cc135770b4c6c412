package engine

// kind is the kind of an event: a row of the table.
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
	onUnasked
	onStartup
	onLiveness
	onReadiness
	onTimer
	onReset
	kinds
)

type action func(*Service, *Program, Event)

// table holds the action for each kind of event in each state.
type table [kinds][Completed + 1]action

// transitions says what each event does in each state. A nil cell is an event without meaning there: it is dropped.
func transitions() *table {
	return &table{
		//              Stopped     Waiting     Spawning     Starting     Running      Stopping        Backoff   Failed      Completed
		onStart:       {startFresh, nil, nil, nil, nil, startAfterStop, startNow, startFresh, startFresh},
		onStop:        {nil, markStopped, stopRun, stopRun, stopRun, stayStopped, markStopped, markStopped, markStopped},
		onRestart:     {startFresh, startFresh, restartRun, restartRun, restartRun, startAfterStop, startNow, startFresh, startFresh},
		onPause:       {refusePause, refusePause, refusePause, pauseRun, pauseRun, refusePause, refusePause, refusePause, refusePause},
		onResume:      {refusePause, refusePause, nil, resumePaused, resumePaused, nil, refusePause, refusePause, refusePause},
		onSpawned:     {nil, nil, spawned, nil, nil, notePID, nil, nil, nil},
		onSpawnFailed: {nil, nil, spawnFailed, spawnFailed, spawnFailed, exitedWhileStopping, nil, nil, nil},
		onExited:      {nil, nil, exited, exited, exited, exitedWhileStopping, nil, nil, nil},
		onPostStart:   {nil, nil, nil, postStarted, nil, nil, nil, nil, nil},
		onPreStop:     {nil, nil, nil, nil, nil, preStopped, nil, nil, nil},
		onUnasked:     {nil, nil, nil, nil, nil, unasked, nil, nil, nil},
		onStartup:     {nil, nil, nil, startupProbed, nil, nil, nil, nil, nil},
		onLiveness:    {nil, nil, nil, nil, livenessProbed, nil, nil, nil, nil},
		onReadiness:   {nil, nil, nil, nil, readinessProbed, readinessProbed, nil, nil, nil},
		onTimer:       {nil, nil, nil, nil, nil, nextStopStep, backoffOver, nil, nil},
		onReset:       {nil, nil, nil, nil, forgetFailures, nil, nil, nil, nil},
	}
}
