/**
 * What the browser host takes in one message, bytes: a page asks for no more, since a larger one cuts its connection.
 * Nearly every call is some hundred bytes; a filter by a pasted list may be long. The schemas allow still more, which no
 * page needs, and as many times as calls may wait it is what one page can make the host hold.
 */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
