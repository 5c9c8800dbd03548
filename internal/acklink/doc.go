// Package acklink makes and reads the links by which a person acknowledges from a message. A link names one person, incident, tenant and
// position, is signed with HMAC-SHA256 and expires. Whether the incident still lives is for the engine to say.
package acklink
