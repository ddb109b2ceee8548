// The fake daemon's one person, and times relative to now.
export const MINUTE = 60_000;
export const ago = (ms) => new Date(Date.now() - ms).toISOString();
export const ME = { id: '0199-owner', name: 'Owner' };
