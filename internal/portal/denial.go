package portal

import (
	"context"
	"fmt"

	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/portal/page"
	"github.com/usher-id/usher/internal/store"
)

// denied writes to the audit log that a visitor was refused something.
func denied(service *administration.Service) func(context.Context, page.Visitor, string, store.Role) {
	return func(ctx context.Context, v page.Visitor, what string, needed store.Role) {
		err := service.By(v.Actor()).Audit(ctx, "Deny portal request", what, fmt.Sprintf("the visitor is %s, and this needs %s", v.Role, needed))
		if err != nil && service.Log != nil {
			service.Log.ErrorContext(ctx, "a denial could not be written to the audit log", "error", err.Error())
		}
	}
}
