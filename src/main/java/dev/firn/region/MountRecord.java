package dev.firn.region;

import java.nio.file.Path;
import java.util.List;

/**
 * A mount that is wanted, so that a restarted daemon can bring it back.
 *
 * @param directory absolute; the record's key
 * @param targetId the id of a volume or snapshot
 * @param options further options for the kernel, in order
 */
public record MountRecord(
    Path directory,
    String targetId,
    boolean readOnly,
    boolean showSnapshots,
    String transport,
    List<String> options) {}
