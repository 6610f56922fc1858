package salesforcetest

type jobs struct{}

func (j *jobs) queries() int { return 0 }
