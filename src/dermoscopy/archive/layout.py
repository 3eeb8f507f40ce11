"""What HAM10000 looks like as published: two folders of photographs and a table."""

from pathlib import Path

IMAGE_FOLDERS = ("HAM10000_images_part_1", "HAM10000_images_part_2")
METADATA = "HAM10000_metadata.csv"
COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")


def photographs(archive: Path) -> list[Path]:
    """List the photographs of both folders, sorted by folder and name; a missing folder has none."""
    return [path for folder in IMAGE_FOLDERS for path in sorted((archive / folder).glob("*.jpg")) if path.is_file()]
