package provisioning

// Configured returns the job after credentials were saved: from then on it can run.
// One in quarantine is tried again at once.
func (j Job) Configured() Job {
	if j.Status.Code != NotConfigured {
		j.Status = j.Status.Hastened()
		return j
	}
	j.Status.Code = NotRun
	if j.Schedule.State == ScheduleActive {
		return j.Started()
	}
	return j
}

// Unconfigured returns the job after the last of its credentials was removed. It
// does not run any more, and goes on when there are credentials again.
func (j Job) Unconfigured() Job {
	j.Status.Code = NotConfigured
	return j
}

// Started returns the job turned on. A quarantine that is on stays on, unless it had
// turned the job off, and a job without credentials waits for them.
func (j Job) Started() Job {
	j.Draft = false
	j.Schedule.State = ScheduleActive
	if _, stopped := j.Status.Stops(); stopped { // somebody looked at it
		j.Status.EscrowsPruned, j.Status.Quarantine = false, Quarantine{}
	}
	switch {
	case j.Status.Code == NotConfigured:
	case j.Status.Quarantine.Reason != "":
		j.Status.Code = Quarantined
	case j.Status.InitialDone:
		j.Status.Code = Active
	default:
		j.Status.Code = NotRun
	}
	return j
}

// Stopped returns the job turned off. It goes on where it left off when it is
// started again.
func (j Job) Stopped() Job {
	j.Schedule.State = SchedulePaused
	if j.Status.Code != NotConfigured {
		j.Status.Code = Paused
	}
	return j
}

// Released returns the job without its quarantine.
func (j Job) Released() Job {
	j.Status.Quarantine, j.Status.EscrowsPruned = Quarantine{}, false
	if j.Status.Code != Quarantined {
		return j
	}
	if j.Schedule.State == ScheduleActive {
		return j.Started()
	}
	return j.Stopped()
}
