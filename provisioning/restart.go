package provisioning

import (
	"fmt"
	"strings"
)

// RestartScope says what a restart of a job forgets: Graph's
// synchronizationJobRestartScope, flags.
type RestartScope uint8

// The scopes of a restart.
const (
	RestartEscrows            RestartScope = 1 << iota // failures are not retried any more
	RestartWatermark                                   // the next cycle looks at everyone
	RestartQuarantineState                             // the quarantine is lifted
	RestartConnectorDataStore                          // connections are forgotten; accounts are matched anew
	RestartForceDeletes                                // removals that are held go ahead
	RestartDefault                         = RestartEscrows | RestartWatermark | RestartQuarantineState
	RestartFull                            = RestartDefault | RestartConnectorDataStore
	RestartNone               RestartScope = 0
)

// Has reports whether the scope includes all of other.
func (s RestartScope) Has(other RestartScope) bool { return s&other == other }

// ParseRestartScope reads names joined by commas, with or without spaces, in any
// letter case. The empty text is what Entra's portal calls "Restart provisioning":
// escrows, watermark and quarantine.
func ParseRestartScope(text string) (RestartScope, error) {
	if strings.TrimSpace(text) == "" {
		return RestartDefault, nil
	}
	scopes := map[string]RestartScope{
		"none": RestartNone, "escrows": RestartEscrows, "watermark": RestartWatermark, "quarantinestate": RestartQuarantineState,
		"connectordatastore": RestartConnectorDataStore, "forcedeletes": RestartForceDeletes, "full": RestartFull,
	}
	var result RestartScope
	for name := range strings.SplitSeq(text, ",") {
		scope, known := scopes[strings.ToLower(strings.TrimSpace(name))]
		if !known {
			return 0, fmt.Errorf("there is no restart scope %q; there are None, Escrows, Watermark, QuarantineState, ConnectorDataStore, ForceDeletes and Full", strings.TrimSpace(name))
		}
		result |= scope
	}
	return result, nil
}
