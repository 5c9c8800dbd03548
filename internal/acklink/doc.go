// Package acklink makes and reads signed links, by which a person acknowledges from a message, or shares one view. A link to acknowledge
// names one person, incident, tenant and position; a share link one capability and tenant. Both are signed with HMAC-SHA256 and expire.
// Whether what a link names still lives is for the engine to say.
package acklink
