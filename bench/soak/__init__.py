"""What takes too long for every change: the promises over hours, thousands and kills, each part bounded in time."""
