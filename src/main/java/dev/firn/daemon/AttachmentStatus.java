package dev.firn.daemon;

import java.nio.file.Path;

/**
 * A block volume that is wanted as a device, as the API shows it.
 *
 * @param device null while there is none
 * @param directory where Firn mounted the file system on it, or null
 * @param state {@code attaching}, {@code attached}, {@code detaching} or {@code failed}
 * @param problem why it could not be attached again, else null
 */
record AttachmentStatus(
    String volumeId,
    String volumeName,
    String device,
    Path directory,
    String state,
    String problem) {}
