package dev.firn.daemon;

import java.nio.file.Path;
import java.util.List;

/**
 * A wanted mount, as the API shows it.
 *
 * @param targetId the id of a volume or snapshot
 * @param targetName its name, or null when it has none any more
 * @param state {@code mounting}, {@code mounted}, {@code unmounting} or {@code failed}
 * @param problem why a mount could not be restored, or why a mounted volume can only be read, else
 *     null
 */
record MountStatus(
    Path directory,
    String targetId,
    String targetName,
    boolean readOnly,
    boolean showSnapshots,
    String transport,
    List<String> options,
    String state,
    String problem) {}
